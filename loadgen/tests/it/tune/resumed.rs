//! Experiments that were broken off and go on: with the same programs, and no longer than all in all.

use std::fs;

use super::{LONG, Site, script};

/// One setting of the host, and a server that is still to be named.
const ONE_FACTOR: &str = r#"
name = "one factor"

[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }

[design]
blocks = 6
pause = "0s"
retries = 0

[[factor]]
sysctl = "net.ipv4.ip_default_ttl"
levels = [66, 65]

[server]
"#;

#[test]
fn a_server_that_is_replaced_meanwhile_ends_an_experiment_until_it_is_back() {
    let Some(site) = Site::new("tune-replaced") else {
        return;
    };
    let before = site.settings();
    let server = site.scratch.file("server");
    let text = format!("exec {} \"$@\"", site.reactor.display());
    // As a build does it: another file takes its name.
    let build = |text: &str| {
        let fresh = site.scratch.file("fresh");
        script(&fresh, text);
        fs::rename(&fresh, &server).expect("it is our directory");
    };
    build(&text);
    let plan = format!("{ONE_FACTOR}program = \"SCRATCH/server\"\n");
    let program = site.start(&plan, "--quiet");
    site.until("some runs are made", |site| site.runs() >= 2);
    build(&format!("{text}\n# another one"));
    let ended = program.end_within(LONG);
    ended.assert_complaint(1, &["program"]);
    assert_eq!(site.settings(), before);
    let refused = site.run(&plan, "--quiet --resume");
    refused.assert_complaint(1, &["server is another program than in the runs before"]);
    assert_eq!(site.settings(), before);
    build(&text);
    site.run(&plan, "--quiet --resume").assert_code(0);
    assert_eq!(site.result().expect("it is kept")["ended"], "complete");
}

#[test]
fn the_time_that_an_experiment_has_is_no_longer_if_it_goes_on_later() {
    let Some(site) = Site::new("tune-time") else {
        return;
    };
    let plan = ONE_FACTOR.replace(
        "blocks = 6",
        "blocks = { until = \"p50+-0.1%\", within = \"3s\", least = 6 }",
    );
    let plan = format!("{plan}program = \"REACTOR\"\n");
    let told = |arguments: &str| {
        site.run(&plan, arguments).assert_code(0);
        let result = site.result().expect("it is kept");
        assert_eq!(result["ended"], "time_up", "{}", result["why"]);
        (result["blocks"].clone(), result["spent_ns"].as_u64())
    };
    let (blocks, spent) = told("--quiet");
    assert!(
        spent.is_some_and(|spent| spent >= 3_000_000_000),
        "{spent:?}"
    );
    let (again, more) = told("--quiet --resume");
    assert_eq!(again, blocks);
    assert!(more >= spent);
}

#[test]
fn an_experiment_does_not_go_on_under_another_kernel() {
    let Some(site) = Site::new("tune-moved-on") else {
        return;
    };
    let plan = format!("{ONE_FACTOR}program = \"REACTOR\"\n");
    let run = |arguments: &str| site.run(&plan, &format!("--quiet {arguments}"));
    run("").assert_code(0);
    let kept = site.scratch.file("tune/tune.json");
    let edit = |group: &str, name: &str| {
        let mut result = site.result().expect("it is kept");
        result["environment"][group][name] = "once".into();
        fs::write(&kept, result.to_string()).expect("it is our file");
    };
    // What could have been set meanwhile is told alone.
    edit("sysctls", "net.ipv4.udp_rmem_min");
    let told = run("--resume");
    told.assert_code(0);
    let sentence = "sysctls.net.ipv4.udp_rmem_min was once when the experiment began";
    assert!(told.stderr.contains(sentence), "{told:?}");
    edit("kernel", "release");
    let words = ["kernel.release was once", "--dir"];
    run("--resume").assert_complaint(1, &words);
}
