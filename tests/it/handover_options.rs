//! A successor whose options are not those of the program that it takes over from.

use crate::rig::lineage::Lineage;
use crate::rig::options::Options;
use crate::rig::traffic_class;

#[test]
fn an_option_that_is_left_out_by_now_is_in_force_no_more() {
    let options = Options::fresh("left-out");
    options.write("--tos 184\n--timestamps\n");
    let (mut lineage, server) = Lineage::listening(&[&options.argument()]);
    let Some(before) = traffic_class::of_replies(server) else {
        return;
    };
    assert_eq!(before, "184\n184\n184\n");
    options.write("");
    lineage.replace();
    assert_eq!(traffic_class::of_replies(server).unwrap(), "0\n0\n0\n");
    let ended = lineage.end();
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.stderr);
    // That of the predecessor alone has stamps.
    let stamped = ended
        .stdout
        .iter()
        .filter(|line| line.starts_with("stamped "));
    assert_eq!(stamped.count(), 1, "{:?}", ended.stdout);
}
