//! A peer that answers twice.

use crate::rig::peer::Peer;
use crate::rig::run::measure;

#[test]
fn second_answers_are_duplicates_and_make_up_for_no_loss() {
    let mut probes = 0_u64;
    let peer = Peer::start(move |seen, answers| {
        probes += 1;
        answers.echo(seen);
        // Not the last of 420, whose copy the generator would await for a moment only.
        if probes % 7 == 1 {
            answers.echo(seen);
        }
    });
    let arguments = "--rate 1000 --duration 420ms --warmup 0s --timeout 10s";
    let (_, run) = measure(peer.address(), arguments);
    assert_eq!(run.counts.duplicated, run.counts.sent.div_ceil(7));
    assert_eq!(run.counts.lost, 0);
    peer.finish().assert_counted(&run.counts);
}
