//! Replacements that change the number of workers: further sockets join, and those that are too many
//! go without anything being lost in them.

use crate::rig::lineage::{Lineage, summed};
use crate::rig::options::Options;
use crate::rig::stream::Stream;

fn workers(number: usize) -> String {
    format!("# how many\n--workers {number}\n")
}

/// Goes through these numbers of workers under a steady stream of datagrams.
#[track_caller]
fn through(name: &str, numbers: &[usize], arguments: &[&str]) {
    let options = Options::fresh(name);
    options.write(&workers(numbers[0]));
    let argument = options.argument();
    let arguments = [&[argument.as_str()], arguments].concat();
    let (mut lineage, server) = Lineage::listening(&arguments);
    let stream = Stream::to(server);
    for pair in numbers.windows(2) {
        options.write(&workers(pair[1]));
        lineage.replace();
        if pair[1] < pair[0] {
            let closed = lineage.hear("former workers are closed");
            let gone = format!("sockets of {} former", pair[0] - pair[1]);
            assert!(closed.contains(&gone), "{closed}");
        }
    }
    let sent = stream.end();
    let ended = lineage.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    assert_eq!(summed(&ended, "received"), sent, "{numbers:?}");
    assert_eq!(summed(&ended, "echoed"), sent, "{numbers:?}");
    let first = format!("listening on {server}: ");
    let told = ended
        .stdout
        .iter()
        .filter_map(|line| line.strip_prefix(&first)?.split(' ').next());
    let told: Vec<usize> = told.filter_map(|number| number.parse().ok()).collect();
    assert_eq!(told, numbers[1..]);
}

#[test]
fn more_and_fewer_workers_lose_nothing() {
    through("hash", &[1, 2, 4, 2, 1, 4, 1, 2, 1, 3], &[]);
}

#[test]
fn workers_that_are_steered_to_can_become_more_and_fewer_too() {
    through("cpu", &[2, 4, 1, 2], &["--steer", "cpu"]);
    through(
        "random",
        &[3, 1, 4, 2],
        &["--steer", "random", "--io", "batch"],
    );
}

#[test]
fn what_an_old_program_cannot_print_keeps_no_socket_open() {
    let options = Options::fresh("jammed");
    options.write(&workers(3));
    let (mut lineage, _) = Lineage::listening(&[&options.argument()]);
    lineage.program().jam_stdout();
    options.write(&workers(1));
    // It cannot say where it listens either, and all that waits can be ended by its test.
    lineage.try_to_replace().unwrap();
    lineage.hear("sockets of 2 former workers are closed");
    lineage.try_to_replace().unwrap();
}

#[test]
fn each_of_several_addresses_gets_and_loses_its_sockets() {
    through("addresses", &[1, 3, 2], &["--listen", "127.0.0.2:0"]);
}
