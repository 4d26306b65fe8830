//! Wrong use.

use crate::rig::program::Program;

#[test]
fn what_cannot_be_run_names_the_flag_to_change() {
    for (arguments, flag) in [
        ("--rate fast", "--rate"),
        ("--rate 0", "--rate"),
        ("--rate -1", "-1"),
        ("--duration 5", "--duration"),
        ("--duration 0s", "--duration"),
        ("--rate 1 --warmup 100ms --duration 100ms", "--duration"),
        ("--warmup 1", "--warmup"),
        ("--timeout 0s", "--timeout"),
        ("--timeout 1h", "--timeout"),
        ("--flows 0", "--flows"),
        ("--flows 65536", "--flows"),
        ("--threads 0", "--threads"),
        ("--threads 3 --flows 2", "--flows"),
        ("--size -1", "-1"),
        ("--slo p99<200", "--slo"),
        ("--slo p99<1ms,mean<1ms", "'mean'"),
        ("--until p99", "--until"),
        ("--max-duration 1m", "--until"),
        ("--until p99+-2% --max-duration 5s", "--max-duration"),
        ("--slo p99<1ms,p99<2ms", "'p99'"),
        ("--window 8", "--window"),
        ("--rate 100 --window 8", "--window"),
        ("--closed-loop 1 --window 8", "--window"),
        ("--rcvbuf 0", "--rcvbuf"),
        ("--pin 9999", "--pin"),
        ("--tui --quiet", "--tui"),
        ("sweep --tui", "--tui"),
        ("tune", "PLAN"),
        ("tune a.toml --restore", "--restore"),
        ("tune a.toml --set a", "--set"),
        ("--no-such-flag", "--no-such-flag"),
        ("no-such-command", "no-such-command"),
    ] {
        let ended = Program::loadgen(arguments).end();
        ended.assert_complaint(2, &[flag]);
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for (arguments, words) in [
        ("--help", "--rate"),
        ("-h", "--rate"),
        ("ping --help", "--message"),
        ("--version", "loadgen 0."),
    ] {
        let ended = Program::loadgen(arguments).end();
        ended.assert_code(0);
        assert!(ended.stdout.contains(words), "{arguments}: {ended:?}");
    }
}
