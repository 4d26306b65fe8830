//! Settings that are varied by a program.

use super::Site;
use crate::rig::program::Program;

const PLAN: &str = r#"
name = "kinds"
[load]
options = { rate = "1k", duration = "50ms", warmup = "0s", flows = 1 }
[server]
program = "REACTOR"
[design]
blocks = 7
pause = "0s"
retries = 0
[[factor]]
name = "it"
FACTOR
"#;

/// What a command prints inside of the host.
fn printed(site: &Site, line: &str) -> String {
    let mut command = site.command("sh");
    command.args(["-c", line]);
    let ended = Program::start(command).end();
    ended.assert_code(0);
    ended.stdout
}

#[test]
fn queueing_is_varied_and_goes_back() {
    let Some(site) = Site::new("tune-queueing") else {
        return;
    };
    let shown = || printed(&site, "tc qdisc show dev eth0");
    let before = shown();
    let factor =
        "queueing = \"eth0\"\nlevels = [\"present\", \"pfifo limit 77\", \"pfifo limit 78\"]";
    let ended = site.run(&PLAN.replace("FACTOR", factor), "--quiet");
    ended.assert_code(0);
    let result = site.result().expect("it is kept");
    for variant in result["variants"].as_array().expect("they are a list") {
        assert!(variant["stopped"].is_null(), "{variant}");
    }
    assert_eq!(shown(), before);
}
