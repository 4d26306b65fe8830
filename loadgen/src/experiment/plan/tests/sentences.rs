use super::super::*;
use super::{FACTOR, assert_wrong, factors, plan};

/// A factor of its own, on lines 2 to 4.
#[track_caller]
fn assert_wrong_factor(lines: &str, sentence: &str) {
    assert_wrong(factors(&format!("[[factor]]\n{lines}")), sentence);
}

#[test]
fn keys_that_nobody_knows_are_named_with_the_nearest_that_is() {
    assert_wrong(
        plan("[design]\nblock = 10"),
        "line 3: there is no key 'block' here: did you mean 'blocks'?",
    );
    assert_wrong(
        plan("colour = 1"),
        "line 2: there is no key 'colour' here: there are name, question, known, needs, variables, \
         load, server, design and factor",
    );
    assert_wrong_factor(
        "sysctls = \"a.b\"\nlevels = [1, 2]",
        "line 3: there is no key 'sysctls' here: did you mean 'sysctl'?",
    );
    assert_wrong(
        plan("[design]\nblocks = { until = \"p50+-3%\", within = \"2h\", lest = 6 }"),
        "line 3: there is no key 'lest' here: did you mean 'least'?",
    );
    assert_wrong(Plan::parse(FACTOR, &[]), "line 1: 'name' is missing here");
}

#[test]
fn what_is_of_another_type_is_named_with_what_was_expected() {
    assert_wrong(
        plan("question = 5"),
        "line 2: expected a string, but there is integer `5`",
    );
    assert_wrong(
        plan("[design]\npause = 5"),
        "line 3: expected a time with its unit in quotes, as in \"500ms\", but there is integer `5`",
    );
    assert_wrong(
        Plan::parse(
            "name = \"a\"\n[factor]\nsysctl = \"a.b\"\nlevels = [1, 2]",
            &[],
        ),
        "line 2: a factor is [[factor]] with two brackets on each side, since there can be several",
    );
    assert_wrong(
        plan("[design]\nblocks = true"),
        "line 3: expected a number of blocks, or { until = \"p50+-3%\", within = \"2h\", least = 6 }, \
         but there is boolean `true`",
    );
    assert_wrong(
        plan("[load]\noptions = { rate = 2020-01-01 }"),
        "line 3: expected a number, a string, true or false, but there is a table or a date",
    );
    assert_wrong(
        plan("[load]\nwrapper = \"taskset -c 0\""),
        "line 3: expected a list, as in [\"taskset\", \"-c\", \"0\"], but there is string \
         \"taskset -c 0\"",
    );
    assert_wrong(
        plan("load = 5"),
        "line 2: expected a table, but there is integer `5`",
    );
    assert_wrong(
        plan("[load]\noptions = { listen = [[1]] }"),
        "line 3: a number or a string was expected here",
    );
    assert_wrong(
        plan("[load]\noptions = { listen = [] }"),
        "line 3: an empty list sets nothing: write false to leave a flag out",
    );
    assert_wrong(
        plan("[load]\noptions = { rate = inf }"),
        "line 3: 'inf' is no number that could be set",
    );
    assert!(
        plan("[load")
            .unwrap_err()
            .to_string()
            .starts_with("line 2: ")
    );
}

#[test]
fn flags_that_the_experiment_sets_are_refused() {
    for (lines, sentence) in [
        (
            "[load]\noptions = { target = \"a:1\" }",
            "line 3: --target of the load generator is not for a plan to set: it is the server's, in \
             [server]",
        ),
        (
            "[load]\noptions = { json = \"a\" }",
            "line 3: --json of the load generator is not for a plan to set: every run's result is kept \
             by itself",
        ),
        (
            "[server]\noptions = { json = true }",
            "line 3: --json of the server is not for a plan to set: what it says is read by the \
             experiment",
        ),
        (
            "[load]\noptions = { --rate = \"1k\" }",
            "line 3: flags are written without their dashes: 'rate' instead of '--rate'",
        ),
    ] {
        assert_wrong(plan(lines), sentence);
    }
    for (side, flag) in [
        ("load", "tui"),
        ("load", "quiet"),
        ("load", "hlog"),
        ("load", "help"),
        ("server", "man"),
        ("server", "completions"),
        ("server", "version"),
    ] {
        let lines = format!("[[factor]]\n{side}_option = \"{flag}\"\nlevels = [false, true]");
        let error = factors(&lines).unwrap_err().to_string();
        assert!(error.contains("not for a plan to set"), "{error}");
    }
}

#[test]
fn flags_that_a_program_would_refuse_are_refused_before_it_is_started() {
    assert_wrong(
        plan("[load]\noptions = { rate = \"fast\" }"),
        "line 3: the options of [load]: invalid value 'fast' for '--rate <RATE>': 'fast' does not begin with a \
         number",
    );
    assert_wrong(
        plan("[load]\noptions = { rates = \"1k\" }"),
        "line 3: the options of [load]: unexpected argument '--rates' found: a similar argument exists: \
         '--rate'",
    );
    assert_wrong(
        plan("[load]\noptions = { flows = 2, threads = 3 }"),
        "line 3: the options of [load]: --flows 2 is too few: each of --threads 3 needs a flow of its own",
    );
    assert_wrong(
        plan("[server.options]\nbusy-poll = 0\nworkerz = 2"),
        "line 4: the options of [server]: unexpected argument '--workerz' found: a similar argument \
         exists: '--workers'",
    );
    assert_wrong_factor(
        "server_option = \"workers\"\nlevels = [1, 0]",
        "line 2: factor 'server --workers' at 0: invalid value '0' for '--workers <N>': it is no \
         whole number from 1 to 512",
    );
    assert_wrong_factor(
        "server_option = \"workers\"\nlevels = [0, 1]",
        "line 2: factor 'server --workers' at 0: invalid value '0' for '--workers <N>': it is no \
         whole number from 1 to 512",
    );
    let crossed = "[[factor]]\nload_option = \"flows\"\nlevels = [4, 2]\n\
                   [[factor]]\nload_option = \"threads\"\nlevels = [1, 4]\n";
    assert_eq!(factors(crossed).unwrap().factors.len(), 2);
    let error = factors(&format!("[design]\nkind = \"factorial\"\n{crossed}")).unwrap_err();
    let sentence = error.to_string();
    let place = "line 4: factor 'load --flows' at 2 and 'load --threads' at 4: --flows 2 ";
    assert!(sentence.starts_with(place), "{sentence}");
    // Another build may have flags of its own.
    assert!(plan("[server]\nprogram = \"x\"\noptions = { speed = 1 }").is_ok());
    assert!(plan("[load]\nprogram = \"x\"\noptions = { speed = 1 }").is_ok());
    assert!(plan("[load]\nprogram = \"x\"\noptions = { duration = 1 }").is_err());
}

#[test]
fn a_factor_varies_one_thing_at_two_levels_or_more() {
    assert_wrong(
        Plan::parse("name = \"a\"", &[]),
        "there is no [[factor]]: what is to be varied?",
    );
    assert_wrong_factor(
        "levels = [1, 2]",
        "line 2: factor 1 says nothing of what it varies: name a sysctl, a file, ethtool, \
         server_option or another kind (docs/tune.md has all)",
    );
    assert_wrong_factor(
        "sysctl = \"net.x\"\nqueueing = \"eth0\"\nlevels = [1, 2]",
        "line 2: factor 1 varies two things, net.x and queueing of eth0: make a factor of each",
    );
    assert_wrong_factor(
        "sysctl = \"net.x\"",
        "line 2: factor 1 ('net.x') has no levels: write levels = [...], first the one that others are \
         compared with",
    );
    assert_wrong_factor(
        "sysctl = \"net.x\"\nlevels = [1]",
        "line 4: factor 1 ('net.x') needs two levels or more, and has 1: first the one that others are \
         compared with",
    );
    assert_wrong_factor(
        "sysctl = \"net.x\"\nlevels = [1,\n 2, \"1\"]",
        "line 5: factor 1 ('net.x') has the level 1 twice: leave one out",
    );
    assert_wrong_factor(
        "server_program = false\nlevels = [1, 2]",
        "line 3: factor 1: write true, and the paths of the programs as its levels",
    );
}

#[test]
fn levels_of_the_wrong_type_are_refused() {
    for (kind, levels, sentence) in [
        (
            "sysctl = \"net.x\"",
            "[1, true]",
            "line 4: factor 1 ('net.x'): true and false go with flags of the programs: write the value \
             of this setting, as in 1 or \"off\"",
        ),
        (
            "sysctl = \"net.x\"",
            "[[1, 2], 3]",
            "line 4: factor 1 ('net.x'): a level of a setting of the host is one value, not several",
        ),
        (
            "server_program = true",
            "[1, 2]",
            "line 4: factor 1 ('server'): its levels are the paths of programs, as in \
             \"old/echo-reactor\"",
        ),
        (
            "load_environment = \"A\"",
            "[true, false]",
            "line 4: factor 1 ('load A'): a level of an environment variable is a number or a string, \
             or false to leave it out",
        ),
    ] {
        assert_wrong_factor(&format!("{kind}\nlevels = {levels}"), sentence);
    }
}

#[test]
fn nothing_is_set_twice() {
    let two = |one: &str, other: &str| {
        factors(&format!(
            "[[factor]]\n{one}\nlevels = [1, 2]\n[[factor]]\nname = \"other\"\n{other}\nlevels = [1, 2]"
        ))
    };
    let twice = |name: &str| {
        format!(
            "line 5: factor 2 ('other') sets what '{name}' sets: put their levels together, or leave \
             one out"
        )
    };
    let busy = "sysctl = \"net.core.busy_poll\"";
    for other in [
        busy,
        "sysctl = \"net/core/busy_poll\"",
        "file = \"/proc/sys/net/core/busy_poll\"",
    ] {
        assert_wrong(two(busy, other), &twice("net.core.busy_poll"));
    }
    assert_wrong(
        two("governor = \"0-3\"", "governor = \"2\""),
        &twice("governor of 0-3"),
    );
    assert!(two("governor = \"0-1\"", "governor = \"2-3\"").is_ok());
    assert!(two("sysctl = \"net.a.b/1\"", "sysctl = \"net.a.b.1\"").is_ok());
    assert_wrong(
        two("name = \"other\"\nsysctl = \"net.x\"", "sysctl = \"net.y\""),
        "line 6: factor 2 ('other'): another factor is called 'other' too: give one of them another \
         name",
    );
    let factor = "[[factor]]\nserver_option = \"workers\"\nlevels = [1, 2]";
    assert_wrong(
        factors(&format!("[server]\noptions = {{ workers = 2 }}\n{factor}")),
        "line 4: factor 'server --workers' varies what server.options.workers sets: leave one of them \
         out",
    );
    let error = factors(&format!("[server]\ntarget = \"a:1\"\n{factor}")).unwrap_err();
    assert!(
        error.to_string().contains("is not started by this plan"),
        "{error}"
    );
}

#[test]
fn what_the_host_shall_have_is_understood() {
    for (need, sentence) in [
        (
            "rot",
            "line 2: needs: 'rot' is not known: did you mean 'root'?",
        ),
        (
            "processors:none",
            "line 2: needs: 'processors:none' says no number of processors, as in processors:2",
        ),
        (
            "interface",
            "line 2: needs: 'interface' does not say what: there are root, processors:N, interface:NAME, queues:NAME, receive-buffer:BYTES, program:NAME and file:PATH",
        ),
        (
            "file:x",
            "line 2: needs: 'file:x' is no absolute path of a file, as in file:/sys/class/net",
        ),
        (
            "receive-buffer:much",
            "line 2: needs: 'receive-buffer:much' says no number of bytes, as in receive-buffer:4Mi: 'much' does not begin with a number",
        ),
        (
            "receive-buffer:2Gi",
            "line 2: needs: 'receive-buffer:2Gi' says no number of bytes, as in receive-buffer:4Mi: 'Gi' is not a known suffix: there are k (1000), Ki (1024) and Mi (1048576)",
        ),
        (
            "receive-buffer:2048Mi",
            "line 2: needs: 'receive-buffer:2048Mi' is too much: a receive buffer has less than 2048Mi",
        ),
        (
            "receive-buffer:0",
            "line 2: needs: 'receive-buffer:0' is no buffer: say how many bytes, as in receive-buffer:4Mi",
        ),
        (
            "queues:a/b",
            "line 2: 'a/b' is no name of an interface, as in eth0",
        ),
    ] {
        assert_wrong(plan(&format!("needs = [\"{need}\"]")), sentence);
    }
}

#[test]
fn settings_of_the_host_lie_where_such_settings_lie() {
    for (kind, sentence) in [
        (
            "file = \"/etc/passwd\"",
            "line 3: file: '/etc/passwd' is no file below /sys or /proc",
        ),
        (
            "file = \"/sys/../etc/passwd\"",
            "line 3: file: '/sys/../etc/passwd' is no file below /sys or /proc",
        ),
        (
            "sysctl = \"net\"",
            "line 3: 'net' is no name of a sysctl, as in net.core.busy_poll",
        ),
        (
            "sysctl = \"net/../../etc\"",
            "line 3: 'net/../../etc' is no name of a sysctl, as in net.core.busy_poll",
        ),
        (
            "ethtool = { interface = \"eth0\" }",
            "line 3: ethtool sets one of coalesce, ring, offload and channels, as in { interface = \"eth0\", coalesce = \"rx-usecs\" }",
        ),
        (
            "governor = \"some\"",
            "line 3: processors are all or a list of them: 'some' is not a processor or a range of them, as in 0,2-5",
        ),
        (
            "command = { read = [\"a\"], apply = [\"b\"], revert = [\"c\", \"{level}\"] }",
            "line 3: apply has no {level} in it, which stands for the value to set",
        ),
        (
            "command = { read = [], apply = [\"b\"], revert = [\"c\"] }",
            "line 3: read is no command: write the program and its arguments, as in [\"tc\", \"qdisc\"]",
        ),
    ] {
        assert_wrong_factor(&format!("{kind}\nlevels = [1, 2]"), sentence);
    }
}

#[test]
fn variables_that_are_not_there_are_named() {
    let text = format!("name = \"${{nam}}\"\n[variables]\nname = \"a\"\n{FACTOR}");
    assert_wrong(
        Plan::parse(&text, &[]),
        "line 1: ${nam}: the plan has no variable 'nam': did you mean 'name'?",
    );
    let set = |name: &str| (name.to_owned(), "value".to_owned());
    let text = format!("name = \"a\"\n{FACTOR}");
    assert_wrong(
        Plan::parse(&text, &[set("x")]),
        "--set x: the plan has no variable 'x': [variables] has none",
    );
    let text = format!("name = \"a\"\n[variables]\nx = 1\n{FACTOR}");
    assert_wrong(
        Plan::parse(&text, &[set("x"), set("x")]),
        "--set x is given twice: leave one out",
    );
    assert_wrong(
        Plan::parse("name = \"${a\"", &[]),
        "line 1: '${a' has a ${ without its }; $${ stands for ${ itself",
    );
}

#[test]
fn a_plan_has_an_end() {
    let text = format!("name = \"a\"\n{FACTOR}#{}", "x".repeat(1 << 20));
    let error = Plan::parse(&text, &[]).unwrap_err().to_string();
    assert!(error.starts_with("a plan has up to 1 MiB"), "{error}");
    assert!(Plan::parse(&text[..1 << 20], &[]).is_ok());
}
