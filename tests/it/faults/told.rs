//! What the server says of its faults.

use super::*;

#[test]
fn a_server_with_faults_says_so_wherever_it_speaks() {
    let plan = "drop=0.1%,delay=500us,seed=7";
    for (io, said) in [
        ("single", "single"),
        ("batch", "batch"),
        ("offload", "batch"),
    ] {
        let arguments = ["--listen", "127.0.0.1:0", "--io", io, "--fault", plan];
        let mut program = Program::start(&arguments);
        let line = program.line();
        assert!(line.ends_with(&format!(", FAULTS: {plan}")), "{line}");
        let mut program = Program::start(&[&arguments[..], &["--json"]].concat());
        let line: Value = serde_json::from_str(&program.line()).unwrap();
        assert_eq!(line["faults"], plan);
        assert_eq!(line["io"], said);
        let address = line["address"].as_str().unwrap().parse().unwrap();
        Client::to(address).assert_echo(b"quit");
        let ended = program.end();
        let summary: Value = serde_json::from_str(&ended.stdout[0]).unwrap();
        let told = &summary["total"]["faults"];
        assert_eq!(told["delayed"], 1);
        assert_eq!(told["dropped_by_fault"], 0);
        assert_eq!(&summary["workers"][0]["faults"], told);
    }
}

#[test]
fn a_server_without_faults_speaks_of_none() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json"]);
    let line: Value = serde_json::from_str(&program.line()).unwrap();
    assert_eq!(line["faults"], Value::Null);
    let address = line["address"].as_str().unwrap().parse().unwrap();
    Client::to(address).assert_echo(b"quit");
    let ended = program.end();
    assert!(!ended.stdout[0].contains("faults"), "{:?}", ended.stdout);
    let (mut program, server) = Program::listening(&[]);
    Client::to(server).assert_echo(b"quit");
    assert_eq!(program.status().code(), Some(0));
    let text = program.end().stdout.join("\n").to_lowercase();
    assert!(!text.contains("fault"), "{text}");
}

#[test]
fn a_wrong_plan_is_wrong_use_and_its_part_is_named() {
    for (plan, part) in [
        ("", "''"),
        ("drop=1%,lose=1%", "'lose=1%'"),
        ("drop=1%,delay=5", "'delay=5'"),
        ("drop=60%,reorder=60%", "'drop=60%,reorder=60%'"),
        ("stall=1s", "'stall=1s'"),
        ("service=50us", "'service=50us'"),
        ("seed=1", "'seed=1'"),
    ] {
        let ended = Program::start(&["--fault", plan]).end();
        assert_eq!(ended.status.code(), Some(2), "{plan}");
        assert_eq!(ended.stdout, [""; 0], "{plan}");
        let text = ended.stderr.join("\n");
        assert!(text.contains("--fault"), "{text}");
        assert!(text.contains(part), "{text}");
    }
}
