use std::time::Duration;

use super::super::*;
use super::{factors, plan, two_levels};
use crate::experiment::knob::EthtoolGroup;

fn values(values: &[&str]) -> Setting {
    Setting::Values(values.iter().map(ToString::to_string).collect())
}

fn to(value: &str) -> Level {
    Level::To(values(&[value]))
}

#[track_caller]
fn kind_of(line: &str, levels: &str) -> (FactorKind, String, Vec<Level>) {
    let plan = factors(&format!("[[factor]]\n{line}\nlevels = {levels}\n")).unwrap();
    let [factor] = <[Factor; 1]>::try_from(plan.factors).unwrap();
    (factor.kind, factor.name, factor.levels)
}

const WHOLE: &str = r#"
    name = "busy polling"
    question = "Does it help on ${interface}?"
    known = "By a few microseconds."
    needs = ["root", "processors:2", "interface:${interface}", "queues:${interface}", "receive-buffer:4Mi", "program:ethtool", "file:/sys"]
    [variables]
    interface = "eth0"
    [load]
    program = "other/loadgen"
    wrapper = ["ip", "netns", "exec", "echo-lab-client"]
    options = { rate = "10k", duration = "2s", warmup = "500ms", flows = 4 }
    environment = { NAME = "value", NUMBER = 1 }
    [server]
    program = "other/echo-reactor"
    options = { listen = ["127.0.0.1:0", "[::1]:0"], workers = 2, timestamps = true, log = false }
    target = "10.89.0.2:50007"
    ready_within = "7s"
    [design]
    kind = "factorial"
    blocks = { until = "p50+-3%", within = "2h", least = 8 }
    seed = 1
    pause = "250ms"
    retries = 3
    judge = "p99"
    [[factor]]
    name = "busy poll"
    sysctl = "net.core.busy_poll"
    levels = ["present", 0, 50]
    [[factor]]
    ethtool = { interface = "${interface}", coalesce = "rx-usecs" }
    levels = [0, 8]
"#;

fn whole() -> Plan {
    Plan::parse(WHOLE, &[("interface".to_owned(), "ens5".to_owned())]).unwrap()
}

#[test]
fn variables_stand_for_their_values_everywhere() {
    let plan = whole();
    assert_eq!(plan.question.as_deref(), Some("Does it help on ens5?"));
    let ens5 = || "ens5".to_owned();
    assert_eq!(
        plan.needs,
        [
            Need::Root,
            Need::Processors(2),
            Need::Interface(ens5()),
            Need::Queues(ens5()),
            Need::ReceiveBuffer {
                typed: "4Mi".to_owned(),
                bytes: 4 << 20,
            },
            Need::Program("ethtool".to_owned()),
            Need::File("/sys".into()),
        ]
    );
    assert_eq!(plan.factors[1].name, "rx-usecs of ens5");
    assert_eq!(plan.variables, [("interface".to_owned(), ens5())]);
}

#[test]
fn the_programs_are_started_as_the_plan_says() {
    let plan = whole();
    assert_eq!(plan.load.path, Some("other/loadgen".into()));
    assert_eq!(plan.load.wrapper.join(" "), "ip netns exec echo-lab-client");
    assert_eq!(
        arguments(&plan.load.options),
        ["--rate=10k", "--duration=2s", "--warmup=500ms", "--flows=4"]
    );
    assert_eq!(plan.load.environment[1], ("NUMBER".into(), "1".into()));
    let Server::Started {
        program,
        target,
        ready_within,
    } = &plan.server
    else {
        panic!("{:?}", plan.server);
    };
    assert_eq!(
        arguments(&program.options).join(" "),
        "--listen=127.0.0.1:0 --listen=[::1]:0 --workers=2 --timestamps"
    );
    assert_eq!(target.as_deref(), Some("10.89.0.2:50007"));
    assert_eq!(*ready_within, Duration::from_secs(7));
}

#[test]
fn the_design_is_as_the_plan_says() {
    let plan = whole();
    assert_eq!(plan.design, Wanted::Factorial);
    let until = Blocks::Until {
        goal: "p50+-3%".parse().unwrap(),
        within: Duration::from_secs(7_200),
        least: 8,
    };
    assert_eq!(plan.blocks, until);
    assert_eq!((plan.seed, plan.retries), (Some(1), 3));
    assert_eq!(plan.pause, Duration::from_millis(250));
    assert_eq!(plan.judge, "p99");
    assert_eq!(plan.factors[0].levels[0], Level::Present);
}

#[test]
fn what_is_left_out_has_a_default() {
    let plan = plan("").unwrap();
    assert_eq!(plan.design, Wanted::OneFactor);
    assert_eq!(plan.blocks, Blocks::Fixed(10));
    assert_eq!((plan.seed, plan.retries), (None, 2));
    assert_eq!(plan.pause, Duration::from_millis(500));
    assert_eq!(plan.judge, "p50");
    assert_eq!(plan.load, Program::default());
    let server = plan.server_at(&[0]).unwrap();
    assert_eq!(arguments(&server.options), ["--listen=127.0.0.1:0"]);
}

#[test]
fn a_server_of_which_nothing_but_the_address_is_known_is_left_alone() {
    let elsewhere = plan("[server]\ntarget = \"host:7\"").unwrap();
    let target = "host:7".to_owned();
    assert_eq!(elsewhere.server, Server::Elsewhere { target });
    assert_eq!(elsewhere.server_at(&[0]), None);
    let started = plan("[server]\ntarget = \"host:7\"\noptions = {}").unwrap();
    assert!(matches!(started.server, Server::Started { .. }));
}

#[test]
fn every_kind_of_factor_has_a_name() {
    for (line, name) in [
        ("sysctl = \"net.core.busy_poll\"", "net.core.busy_poll"),
        ("file = \"/sys/module/a/b\"", "/sys/module/a/b"),
        ("interrupt = \"eth0-rx-0\"", "interrupt eth0-rx-0"),
        ("receive_steering = \"eth0\"", "receive steering of eth0"),
        ("transmit_steering = \"eth0\"", "transmit steering of eth0"),
        ("flow_steering = \"eth0\"", "flow steering of eth0"),
        ("queueing = \"eth0\"", "queueing of eth0"),
        ("governor = \"0-3\"", "governor of 0-3"),
        ("idle_limit = \"all\"", "idle limit of all"),
        ("server_environment = \"A\"", "server A"),
        ("load_environment = \"A\"", "load A"),
        ("server_option = \"workers\"", "server --workers"),
        ("load_option = \"flows\"", "load --flows"),
    ] {
        let (_, there, levels) = kind_of(line, "[1, 2]");
        assert_eq!((there.as_str(), levels), (name, vec![to("1"), to("2")]));
    }
}

#[test]
fn ethtool_has_four_groups() {
    for (key, group) in [
        ("coalesce", EthtoolGroup::Coalesce),
        ("ring", EthtoolGroup::Ring),
        ("offload", EthtoolGroup::Offload),
        ("channels", EthtoolGroup::Channels),
    ] {
        let line = format!("ethtool = {{ interface = \"eth0\", {key} = \"rx\" }}");
        let (kind, name, _) = kind_of(&line, "[1, 2]");
        let knob = Knob::Ethtool {
            interface: "eth0".to_owned(),
            group,
            parameter: "rx".to_owned(),
        };
        assert_eq!(
            (kind, name.as_str()),
            (FactorKind::Host(knob), "rx of eth0")
        );
    }
}

#[test]
fn settings_of_the_host_are_what_they_are_called() {
    let eth0 = || "eth0".to_owned();
    for (line, knob) in [
        ("sysctl = \"a.b\"", Knob::Sysctl("a.b".to_owned())),
        ("file = \"/proc/a\"", Knob::File("/proc/a".into())),
        ("interrupt = \"24\"", Knob::Interrupt("24".to_owned())),
        ("receive_steering = \"eth0\"", Knob::ReceiveSteering(eth0())),
        (
            "transmit_steering = \"eth0\"",
            Knob::TransmitSteering(eth0()),
        ),
        ("flow_steering = \"eth0\"", Knob::FlowSteering(eth0())),
        ("queueing = \"eth0\"", Knob::Queueing(eth0())),
        ("governor = \"0-3\"", Knob::Governor("0-3".to_owned())),
        ("idle_limit = \"all\"", Knob::IdleLimit("all".to_owned())),
    ] {
        assert_eq!(kind_of(line, "[1, 2]").0, FactorKind::Host(knob));
    }
}

#[test]
fn two_builds_are_two_levels() {
    let (kind, name, levels) = kind_of("server_program = true", "[\"old/a\", \"new/a\"]");
    assert_eq!((kind, name.as_str()), (FactorKind::ServerProgram, "server"));
    assert_eq!(levels, [to("old/a"), to("new/a")]);
}

#[test]
fn commands_keep_their_words() {
    let (kind, ..) = kind_of(
        "command = { read = [\"a\"], apply = [\"b\", \"{level}\"], revert = [\"sh\", \"-c\", \"c=$${x}{level}\"] }",
        "[1, 2]",
    );
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let command = Knob::Command {
        read: words(&["a"]),
        apply: words(&["b", "{level}"]),
        revert: words(&["sh", "-c", "c=${x}{level}"]),
    };
    assert_eq!(kind, FactorKind::Host(command));
}

#[test]
fn levels_are_what_programs_are_given() {
    let (_, _, levels) = kind_of("server_option = \"timestamps\"", "[false, true]");
    assert_eq!(levels, [Level::To(Setting::Off), Level::To(Setting::On)]);
    let (_, _, levels) = kind_of(
        "load_environment = \"A\"",
        "[false, 1_000, 0x10, -1.50, \"\"]",
    );
    let kept: Vec<String> = levels.iter().map(ToString::to_string).collect();
    assert_eq!(kept, ["off", "1000", "16", "-1.50", ""]);
    let (_, _, levels) = kind_of(
        "server_option = \"listen\"",
        "[[\"[::1]:0\", \"127.0.0.1:0\"], \"127.0.0.1:0\"]",
    );
    assert_eq!(levels[0], Level::To(values(&["[::1]:0", "127.0.0.1:0"])));
    let (_, _, levels) = kind_of(
        "ethtool = { interface = \"a\", offload = \"gro\" }",
        "[true, false]",
    );
    assert_eq!(levels, [to("on"), to("off")]);
}

#[test]
fn a_variant_changes_the_programs() {
    let plan = factors(
        "[load]\noptions = { rate = \"1k\" }\n\
         [[factor]]\nload_option = \"flows\"\nlevels = [1, 2]\n\
         [[factor]]\nserver_option = \"timestamps\"\nlevels = [false, true]\n\
         [[factor]]\nserver_environment = \"A\"\nlevels = [false, \"b\"]\n\
         [[factor]]\nload_program = true\nlevels = [\"old\", \"new\"]\n\
         [[factor]]\nsysctl = \"net.core.busy_poll\"\nlevels = [\"present\", 50]\n",
    )
    .unwrap();
    let load = plan.load_at(&[1, 0, 0, 1, 1]);
    assert_eq!(arguments(&load.options), ["--rate=1k", "--flows=2"]);
    assert_eq!(load.path, Some("new".into()));
    let server = plan.server_at(&[0, 1, 1, 0, 0]).unwrap();
    assert_eq!(
        arguments(&server.options),
        ["--timestamps", "--listen=127.0.0.1:0"]
    );
    assert_eq!(server.environment, [("A".to_owned(), "b".to_owned())]);
    let reference = plan.server_at(&[0; 5]).unwrap();
    assert_eq!(arguments(&reference.options), ["--listen=127.0.0.1:0"]);
    assert_eq!(reference.environment, []);
}

#[test]
fn a_fraction_halves_the_variants() {
    let design = "[design]\nkind = \"fraction\"\nfraction = \"1/2\"\n";
    let plan = factors(&format!("{design}{}", two_levels(4))).unwrap();
    assert_eq!(plan.design, Wanted::Fraction { halvings: 1 });
}

#[test]
fn the_hash_is_that_of_the_text_and_the_variables() {
    let text = |levels| {
        format!(
            "name = \"a\"\n[variables]\nb = 0\nc = 1\n[[factor]]\nsysctl = \"net.x\"\nlevels = {levels}"
        )
    };
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let hash = |levels, variables: &[_]| Plan::parse(&text(levels), variables).unwrap().hash;
    let plain = hash("[1, 2]", &[]);
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, hash("[1, 2]", &[]));
    assert_ne!(plain, hash("[1, 3]", &[]));
    assert_ne!(plain, hash("[1, 2]", &[set("b", "0")]));
    assert_eq!(
        hash("[1, 2]", &[set("b", "1"), set("c", "2")]),
        hash("[1, 2]", &[set("c", "2"), set("b", "1")])
    );
}

#[test]
fn the_load_tells_how_long_it_goes_on() {
    let times = |options: &str| {
        let plan = plan(&format!("[load]\noptions = {options}")).unwrap();
        Times::of(&plan.load).unwrap().to_string()
    };
    assert_eq!(times("{}"), "11s");
    assert_eq!(
        times("{ duration = \"2s\", warmup = \"500ms\" }"),
        "2s 500ms"
    );
    assert_eq!(times("{ until = \"p50+-2%\" }"), "up to 10m 1s");
    assert_eq!(
        times("{ until = \"p50+-2%\", max-duration = \"20s\", warmup = \"0\" }"),
        "up to 20s"
    );
    assert_eq!(
        times("{ arrivals = \"replay:a\" }"),
        "as long as the file says"
    );
    assert_eq!(
        times("{ arrivals = \"replay:a\", duration = \"3s\", warmup = \"1s\" }"),
        "4s"
    );
    assert_eq!(
        times("{ rate = \"10M\", duration = \"10us\", warmup = \"0\" }"),
        "10us"
    );
}
