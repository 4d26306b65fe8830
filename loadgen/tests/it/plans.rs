//! The plans of tuning experiments: those that are ready, and what is said of others.

use std::fs;
use std::path::{Path, PathBuf};

use loadgen::experiment::plan::Plan;

use crate::rig::program::{Ended, Program};
use crate::rig::scratch::Scratch;

fn ready() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/tune");
    let entries = fs::read_dir(directory).expect("the folder is there");
    let mut plans: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    plans.sort();
    plans
}

fn dry_run(plan: &Path, more: &str) -> Ended {
    Program::loadgen(&format!("tune {} --dry-run {more}", plan.display())).end()
}

#[test]
fn every_ready_plan_tells_what_it_would_do() {
    let plans = ready();
    assert_eq!(plans.len(), 10);
    for plan in plans {
        let ended = dry_run(&plan, "");
        // This host may lack what some of them need.
        assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:?}");
        for part in ["question", "known", "needs", "factors", "takes", "  load"] {
            let mut lines = ended.stdout.lines();
            assert!(
                lines.any(|line| line.starts_with(part)),
                "{plan:?}: {ended:?}"
            );
        }
    }
}

#[test]
fn a_dry_run_fits_into_eighty_columns() {
    for plan in ready() {
        let told = dry_run(&plan, "");
        for line in told.stdout.lines() {
            assert!(line.chars().count() <= 80, "{plan:?}: {line}");
        }
    }
}

#[test]
fn every_ready_plan_stands_in_the_list_of_them() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tune.md");
    let list = fs::read_to_string(list).unwrap();
    for plan in ready() {
        let name = plan.file_name().unwrap().to_str().unwrap();
        assert!(
            list.contains(&format!("(../scripts/tune/{name})")),
            "{name}"
        );
    }
}

#[test]
fn the_first_experiment_of_the_documentation_is_a_plan() {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tune.md");
    let text = fs::read_to_string(text).unwrap();
    let plan = text
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let scratch = Scratch::new("plan-of-documentation");
    let file = scratch.file("waiting.toml");
    fs::write(&file, plan.unwrap()).unwrap();
    let ended = dry_run(&file, "--seed 1");
    // The first block stands for all.
    let (first, rest) = ended
        .stdout
        .split_once("\nBlock 2 of")
        .expect("there are 10");
    // What a host has is another matter.
    for line in first.lines().filter(|line| !line.starts_with("needs")) {
        assert!(text.contains(line), "{line}");
    }
    assert!(rest.contains("\nBlock 10 of 10, after 1m 21s:\n"), "{rest}");
}

#[test]
fn a_dry_run_tells_every_step_up_to_the_last_setting_that_goes_back() {
    let scratch = Scratch::new("plan-steps");
    let file = scratch.file("plan.toml");
    let text = "name = \"a\"\n\
                [load]\noptions = { duration = \"2s\", warmup = \"0s\" }\n\
                [design]\nblocks = { until = \"p50+-3%\", within = \"1h\", least = 8 }\n\
                [[factor]]\nsysctl = \"net.x\"\nlevels = [\"present\", 1]\n\
                [[factor]]\nsysctl = \"net.y\"\nlevels = [0, 1]\n";
    fs::write(&file, text).unwrap();
    let told = dry_run(&file, "--seed 3");
    // Which is no setting of any host.
    told.assert_code(1);
    assert!(told.stderr.contains("net.y"), "{told:?}");
    let lines: Vec<&str> = told.stdout.lines().collect();
    let of = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    // Two levels alone, and the reference twice, in each of the blocks that are sure to come.
    let runs = 8 * 4;
    for start in ["  start ", "  load ", "  stop ", "  pause "] {
        assert_eq!(of(start), runs, "{start}");
    }
    assert_eq!(of("Block "), 8);
    let is_timed = |line: &&str| {
        let takes = ["(at once", "(2s)", "  pause     500ms"];
        takes.iter().any(|time| line.contains(time))
    };
    let steps = lines.iter().filter(|line| line.starts_with("  "));
    let steps: Vec<&&str> = steps.filter(|line| !line.starts_with("     ")).collect();
    assert!(steps.iter().all(|line| is_timed(line)), "{steps:?}");
    assert_eq!(
        lines[lines.len() - 5..],
        [
            "More blocks of 10s each, until p50+-3%; none begins after 1h.",
            "",
            "In the end:",
            "  put back  sysctl net.y (at once)",
            "  put back  sysctl net.x (at once)",
        ]
    );
    assert_eq!(of("  read "), 2);
    let design = "design      one factor at a time, blocks of 4 runs each, the reference twice; 8\n            \
                  of them or more, until p50+-3% is reached, for 1h at most\n";
    assert!(told.stdout.contains(design), "{told:?}");
}

#[test]
fn a_dry_run_without_a_seed_draws_one_and_tells_it() {
    let plan = ready()
        .into_iter()
        .find(|plan| plan.ends_with("workers.toml"))
        .unwrap();
    let drawn = dry_run(&plan, "").stdout;
    let seed = drawn.split_once("from seed ").unwrap().1;
    let seed = seed.split(',').next().unwrap();
    let blocks = |told: &str| told.split_once("\nBlock 1 ").unwrap().1.to_owned();
    let again = dry_run(&plan, &format!("--seed {seed}")).stdout;
    assert_eq!(blocks(&drawn), blocks(&again));
}

#[test]
fn a_dry_run_has_an_order_of_its_own_for_each_seed() {
    let plan = ready()
        .into_iter()
        .find(|plan| plan.ends_with("workers.toml"));
    let plan = plan.unwrap();
    let of = |seed: &str| dry_run(&plan, &format!("--seed {seed}")).stdout;
    assert_eq!(of("1"), of("1"));
    let orders: std::collections::BTreeSet<String> =
        ["1", "2", "3", "4", "5", "6", "7", "8"].map(of).into();
    assert!(orders.len() > 1);
}

#[test]
fn a_variable_takes_another_value() {
    let plan = ready()
        .into_iter()
        .find(|plan| plan.ends_with("busy-polling.toml"));
    let ended = dry_run(&plan.unwrap(), "--set interface=no-such-one");
    ended.assert_code(1);
    assert!(
        ended
            .stdout
            .contains("interface:no-such-one, which is missing")
    );
}

#[test]
fn a_plan_that_makes_no_sense_is_wrong_use_and_names_the_line() {
    let scratch = Scratch::new("senseless-plans");
    let file = scratch.file("plan.toml");
    for (text, words) in [
        ("name = 1", &["plan.toml", "line 1", "a string"][..]),
        (
            "name = \"a\"\nnam = 2",
            &["line 2", "'nam'", "did you mean 'name'?"],
        ),
        ("name = \"a\"", &["[[factor]]"]),
        (
            "name = \"a\"\n[[factor]]\nserver_option = \"workers\"\nlevels = [1, \"many\"]",
            &["line 2", "--workers", "'many'"],
        ),
    ] {
        fs::write(&file, text).unwrap();
        for flag in ["--dry-run", "--quiet"] {
            let line = format!("tune {} {flag}", file.display());
            Program::loadgen(&line).end().assert_complaint(2, words);
        }
    }
    assert_eq!(scratch.names(), ["plan.toml"]);
}

#[test]
fn a_plan_that_is_not_there_is_a_failure() {
    let ended = Program::loadgen("tune no-such-plan.toml").end();
    ended.assert_complaint(1, &["no-such-plan.toml"]);
}

#[test]
fn all_that_the_host_lacks_is_told_before_anything_starts() {
    let scratch = Scratch::new("lacking");
    let file = scratch.file("plan.toml");
    let text = "name = \"a\"\n\
                needs = [\"processors:1\", \"program:no-such-program\", \"queues:lo\", \"file:/no/such\"]\n\
                [[factor]]\nserver_option = \"workers\"\nlevels = [1, 2]\n";
    fs::write(&file, text).unwrap();
    let directory = scratch.file("runs");
    let line = format!("tune {} --dir {}", file.display(), directory.display());
    let ended = Program::loadgen(&line).end();
    let missing = ["program:no-such-program", "queues:lo", "file:/no/such"];
    ended.assert_complaint(1, &missing);
    assert!(!ended.stderr.contains("processors:1"), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1 + missing.len(), "{ended:?}");
    assert!(!directory.exists());
}

#[test]
fn a_dry_run_fails_where_the_experiment_would() {
    let scratch = Scratch::new("dry-runs-that-fail");
    let file = scratch.file("plan.toml");
    let check = |lines: &str, more: &str, words: &[&str]| {
        fs::write(&file, format!("name = \"a\"\n{lines}")).unwrap();
        let ended = dry_run(&file, more);
        assert!(ended.stdout.contains("\nBlock 1 of 10"), "{ended:?}");
        let code = i32::from(!words.is_empty());
        ended.assert_code(code);
        let quiet = dry_run(&file, &format!("--quiet {more}"));
        quiet.assert_complaint(code, words);
        for word in words {
            assert!(ended.stderr.contains(word), "no {word} in {ended:?}");
        }
    };
    let factor = "[[factor]]\nserver_option = \"workers\"\nlevels = [1, 2]\n";
    let there = scratch.file("there");
    let dir = format!("--dir {}", there.display());
    check(factor, &dir, &[]);
    fs::create_dir(&there).unwrap();
    fs::write(there.join("tune.json"), "{}").unwrap();
    check(factor, &dir, &["holds an experiment already", "--resume"]);
    let many = format!("needs = [\"processors:1000000\"]\n{factor}");
    check(&many, "", &["processors:1000000"]);
    let setting = "[[factor]]\nsysctl = \"net.core.nonsense\"\nlevels = [0, 1]\n";
    check(setting, "", &["net.core.nonsense"]);
    let builds = "[[factor]]\nserver_program = true\nlevels = [\"/no/such\", \"/bin/sh\"]\n";
    check(builds, "", &["/no/such", "no such file"]);
    // What a command of the plan does, nobody knows.
    let seen = scratch.file("seen");
    let command = format!(
        "[[factor]]\nlevels = [0, 1]\ncommand = {{ read = [\"touch\", \"{}\"], \
         apply = [\"true\", \"{{level}}\"], revert = [\"true\", \"{{level}}\"] }}\n",
        seen.display()
    );
    check(&command, "", &[]);
    assert!(!seen.exists());
}

#[test]
fn the_library_reads_what_the_command_reads() {
    for file in ready() {
        let text = fs::read_to_string(&file).unwrap();
        let plan = Plan::parse(&text, &[]).unwrap();
        assert!(plan.question.is_some() && plan.known.is_some(), "{file:?}");
        assert_eq!(plan.text, text);
    }
}
