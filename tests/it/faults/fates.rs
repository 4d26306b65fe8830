//! What becomes of each datagram.

use super::*;

#[test]
fn each_fault_alone_is_what_the_client_sees() {
    for io in EACH_IO {
        for (fault, met) in [
            (
                "drop=10%",
                (|told| told.dropped_by_fault) as fn(FaultAccount) -> u64,
            ),
            ("duplicate=10%", |told| told.duplicated),
            ("corrupt=10%", |told| told.corrupted),
            ("reorder=10%", |told| told.reordered),
        ] {
            for address in ["127.0.0.1:0", "0.0.0.0:0"] {
                let (seen, summary) = seen_under(&faulty(address, fault).io(io), 1_000);
                let told = seen.assert_told_by(&summary);
                let met = met(told);
                // Ten standard deviations; and the seed is always the same.
                assert!((5..200).contains(&met), "{fault}, {io:?}: {summary}");
                let others = [
                    told.dropped_by_fault,
                    told.duplicated,
                    told.corrupted,
                    told.reordered,
                ];
                assert_eq!(others.iter().sum::<u64>(), met, "{fault}: {summary}");
                assert_eq!((told.delayed, told.served, told.stalls), (0, 0, 0));
            }
        }
    }
}

#[test]
fn all_faults_together_are_what_the_client_sees() {
    let faults = "drop=1%,duplicate=2%,corrupt=1.5%,reorder=3%,delay=100us,service=exp:5us,\
                  stall=20ms@50ms,seed=11";
    let (seen, summary) = seen_under(&faulty("127.0.0.1:0", faults), 20_000);
    let told = seen.assert_told_by(&summary);
    for (met, expected) in [
        (told.dropped_by_fault, 200_u64),
        (told.duplicated, 400),
        (told.corrupted, 300),
        (told.reordered + told.held_in_vain, 600),
    ] {
        assert!(met.abs_diff(expected) < expected / 2, "{summary}");
    }
    assert_eq!(told.served, 20_000);
    assert_eq!(told.delayed, summary.total.echoed);
    assert_eq!(told.stalls, 1);
}

#[test]
fn every_datagram_of_a_train_has_a_fate_of_its_own() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "drop=25%").io(io));
        let client = TrainClient::to(server, true);
        for _ in 0..20 {
            client.send(&noise(640), 64);
        }
        until(|| running.summary().total.received == 200);
        let total = drained(running).total;
        let mut replies = 0;
        while client.socket.as_std().recv(&mut [0; 700]).is_ok() {
            replies += 1;
        }
        assert_eq!(replies, total.echoed, "each came back alone");
        let dropped = total.faults.map(|faults| faults.dropped_by_fault);
        assert_eq!(dropped, Some(200 - replies));
        assert!((100..190).contains(&replies), "{io:?}: {replies}");
    }
}

#[test]
fn the_same_seed_means_the_same_fates_and_another_one_others() {
    let faults = "drop=10%,duplicate=10%,corrupt=10%";
    let fates = |seed: u64, io: Io| {
        let config = faulty("127.0.0.1:0", &format!("{faults},seed={seed}")).io(io);
        seen_under(&config, 500).0.intact
    };
    let first = fates(7, Io::Batch);
    assert_eq!(first, fates(7, Io::Single));
    assert_ne!(first, fates(8, Io::Batch));
}

#[test]
fn quit_is_answered_intact_whatever_goes_wrong() {
    for fault in [
        "drop=100%",
        "duplicate=100%",
        "corrupt=100%",
        "reorder=100%",
    ] {
        let (mut program, server) = Program::listening(&["--fault", fault]);
        let client = Client::to(server);
        if fault == "drop=100%" {
            client.send(b"lost");
        }
        client.assert_echo(b"quit");
        client.assert_nothing_queued();
        assert_eq!(program.status().code(), Some(0), "{fault}");
        assert_eq!(program.end().counted("echoed"), Some(1), "{fault}");
    }
}

#[test]
fn an_empty_datagram_cannot_be_corrupted_and_passes() {
    let (running, server) = started(&faulty("127.0.0.1:0", "corrupt=100%"));
    let client = Client::to(server);
    client.assert_echo(b"");
    client.send(&[0; 1_000]);
    let bits = client.receive().into_iter().map(u8::count_ones);
    assert_eq!(bits.sum::<u32>(), 1);
    let total = drained(running).total;
    assert_eq!(total.faults.map(|faults| faults.corrupted), Some(1));
    assert_eq!(total.echoed, 2);
}
