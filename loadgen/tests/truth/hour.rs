//! The books of an hour, without a network.

use std::sync::Arc;
use std::time::Duration;

use loadgen::measure::{Answer, Live, Reason, Recorder, Terms};
use loadgen::probe::Sequence;
use loadgen::rate::Rate;
use loadgen::time::Offset;

use crate::rig::memory::allocations;

const RATE: u64 = 100_000;
const FLOWS: usize = 8;
const HOUR: Duration = Duration::from_secs(3_600);

/// What becomes of a probe, by its number: the shares are those of no real path, but every kind of
/// entry in the books is made.
fn fate(probe: u64) -> Fate {
    match probe % 1_000 {
        0 => Fate::Lost,
        1 => Fate::Late,
        2 => Fate::Twice,
        3 => Fate::Corrupted,
        4 => Fate::NotSent,
        _ => Fate::Answered,
    }
}

enum Fate {
    Answered,
    Lost,
    Late,
    Twice,
    Corrupted,
    NotSent,
}

/// Plays one probe from its due time to the last datagram that it causes.
fn play(recorder: &mut Recorder, probe: u64, due: Offset) {
    let flow = usize::try_from(probe).expect("it is far below 2^64") % FLOWS;
    recorder.due(due);
    recorder.scheduled(flow, due);
    if let Fate::NotSent = fate(probe) {
        recorder.not_sent(flow, due, Reason::Errno(11));
        return;
    }
    let sequence = recorder.next_sequence(flow);
    let sent = due + Duration::from_nanos(300);
    recorder.sent(flow, due, sent);
    let answered = sent + Duration::from_nanos(20_000 + probe % 977);
    match fate(probe) {
        Fate::Answered => {
            recorder.answered(flow, sequence, answered);
        }
        Fate::Twice => {
            recorder.answered(flow, sequence, answered);
            let second = recorder.answered(flow, sequence, answered);
            assert_eq!(second, Answer::Duplicate);
        }
        Fate::Corrupted => recorder.corrupted(flow, answered),
        // Its answer comes below, when the timeout has passed.
        Fate::Late | Fate::Lost | Fate::NotSent => {}
    }
}

#[test]
fn an_hour_of_probes_is_kept_in_the_memory_of_its_first_seconds() {
    let rate = Rate::per_second(RATE).unwrap();
    let terms = Terms {
        timeout: Duration::from_secs(1),
        measured_from: Offset::START,
    };
    let outstanding = usize::try_from(RATE).unwrap() / FLOWS;
    let recorder = Recorder::new(terms, FLOWS, outstanding, Arc::new(Live::new()));
    let mut recorder = recorder.in_parts(HOUR);
    let probes = RATE * HOUR.as_secs();
    let mut taken = 0;
    let mut late = 0;
    for probe in 0..probes {
        let due = rate.due(probe);
        play(&mut recorder, probe, due);
        if probe % (RATE / 1_000) == 0 {
            recorder.expire(due);
        }
        // Two seconds after a late probe was sent, its answer arrives.
        if let Some(old) = probe.checked_sub(2 * RATE)
            && let Fate::Late = fate(old)
        {
            late += u64::from(answer_late(&mut recorder, old, due));
        }
        if probe == 3 * RATE {
            taken = allocations();
        }
    }
    assert_eq!(
        allocations(),
        taken,
        "memory was taken after the first seconds"
    );
    let counts = recorder.finish().counts();
    counts.check().unwrap();
    let thousandth = probes / 1_000;
    assert_eq!(counts.scheduled, probes);
    assert_eq!((counts.not_sent, counts.late), (thousandth, late));
    assert_eq!(
        (counts.duplicated, counts.corrupted),
        (thousandth, thousandth)
    );
    // Lost, corrupted, and late with their answers still to come when the hour ended.
    assert_eq!(counts.lost, 3 * thousandth - late);
    assert_eq!(late, thousandth - 2 * RATE / 1_000);
}

/// Answers an old probe; whether it counted as late.
fn answer_late(recorder: &mut Recorder, probe: u64, at: Offset) -> bool {
    let flows = FLOWS as u64;
    let flow = usize::try_from(probe % flows).expect("there are eight flows");
    // Probes 4, 1,004, 2,004, ... are not sent and take no number; 1,000 is a multiple of the
    // number of flows, so they are all of flow 4, of which no probe is ever late.
    assert_ne!(flow, 4);
    let sequence = Sequence(probe / flows);
    recorder.answered(flow, sequence, at) == Answer::Late
}
