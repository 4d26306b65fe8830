//! What comes late, and what waits for it.

use super::*;

#[test]
fn what_nothing_overtakes_comes_late_and_in_order() {
    let (running, server) = started(&faulty("127.0.0.1:0", "reorder=100%"));
    let client = Client::to(server);
    let start = Instant::now();
    for number in 0..10 {
        client.send(&[number]);
    }
    for number in 0..10 {
        assert_eq!(client.receive(), [number]);
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
    let total = drained(running).total;
    let told = total.faults.unwrap();
    assert_eq!((told.reordered, told.held_in_vain), (0, 10));
}

#[test]
fn a_delayed_reply_never_comes_early_and_keeps_its_place() {
    for (delay, faults) in [(3, "delay=3ms"), (30, "delay=30ms")] {
        for io in EACH_IO {
            let (running, server) = started(&faulty("127.0.0.1:0", faults).io(io));
            let client = Client::to(server);
            let sent: Vec<_> = (0..50_u8)
                .map(|number| {
                    let now = Instant::now();
                    client.send(&[number]);
                    now
                })
                .collect();
            for (number, sent) in (0..50_u8).zip(sent) {
                assert_eq!(client.receive(), [number]);
                assert!(sent.elapsed() >= Duration::from_millis(delay), "{io:?}");
            }
            let total = drained(running).total;
            assert_eq!(total.faults.map(|faults| faults.delayed), Some(50));
        }
    }
}

#[test]
fn a_server_that_ends_sends_what_it_still_delays() {
    let (running, server) = started(&faulty("127.0.0.1:0", "delay=1h,reorder=50%"));
    let client = Client::to(server);
    for _ in 0..20 {
        client.send(b"x");
    }
    until(|| running.summary().total.received == 20);
    let total = drained(running).total;
    assert_eq!(total.echoed, 20);
    assert_eq!(total.faults.map(|faults| faults.delayed), Some(0), "early");
    (0..20).for_each(|_| assert_eq!(client.receive(), b"x"));
}

#[test]
fn a_server_serves_one_after_the_other_each_for_its_time() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "service=fixed:2ms").io(io));
        let client = Client::to(server);
        let start = Instant::now();
        for number in 0..20 {
            client.send(&[number]);
        }
        for number in 0..20_u8 {
            assert_eq!(client.receive(), [number]);
            let least = Duration::from_millis(2) * (u32::from(number) + 1);
            assert!(start.elapsed() >= least, "{io:?}, {number}");
        }
        let total = drained(running).total;
        assert_eq!(total.faults.map(|faults| faults.served), Some(20));
        assert_eq!(
            total.received_a_call,
            [(1, 20)].into(),
            "the rest stays queued"
        );
    }
}

#[test]
fn a_stall_keeps_the_answers_back_and_loses_none() {
    for io in EACH_IO {
        let (running, server) = started(&faulty("127.0.0.1:0", "stall=100ms@0s").io(io));
        let client = Client::to(server);
        let start = Instant::now();
        client.assert_echo(b"first");
        for number in 0..100 {
            client.send(&[number]);
        }
        for number in 0..100_u8 {
            assert_eq!(client.receive(), [number]);
            assert!(start.elapsed() >= Duration::from_millis(100), "{io:?}");
        }
        let total = drained(running).total;
        assert_eq!(total.faults.map(|faults| faults.stalls), Some(1));
        assert_eq!(total.echoed, 101);
    }
}

/// The stall would last for an hour, but one that shall end ends it.
#[test]
fn a_stall_overflows_a_small_buffer_and_every_datagram_is_still_in_one_count() {
    let config = faulty("127.0.0.1:0", "stall=1h@0s").receive_buffer(4_096);
    let (running, server) = started(&config);
    let client = Client::to(server);
    client.assert_echo(b"first");
    until(|| {
        running
            .summary()
            .total
            .faults
            .is_some_and(|faults| faults.stalls == 1)
    });
    for _ in 0..100 {
        client.send(b"x");
    }
    running.stopper().drain();
    let total = running.join().unwrap().total;
    assert!(total.kernel_drops > 0, "{total:?}");
    assert_eq!(total.received + total.kernel_drops, 101);
    assert_eq!(total.unaccounted(), 0);
}

/// Packets of the server wait for a long time on their way, and its socket takes only a few.
#[test]
fn replies_that_have_to_wait_for_room_keep_their_fates() {
    for (io, when_full) in EACH_IO
        .into_iter()
        .zip([WhenFull::Wait, WhenFull::Wait, WhenFull::Drop])
    {
        let Some(pair) = slow_link("128kbit") else {
            return;
        };
        let config = faulty("10.77.0.1:0", "duplicate=30%,reorder=30%,delay=1ms");
        let config = config.io(io).when_full(when_full).send_buffer(2_304);
        let (running, server) = pair.near.run(|| started(&config));
        let target = (NEAR_V4, server.port()).into();
        let mut client = pair.far.run(|| Counting::to(target));
        for number in 0..40 {
            let payload = [Seen::payload(number), noise(500)].concat();
            client.socket.as_std().send(&payload).unwrap();
        }
        let settled = |total: Account| total.received == 40 && total.unaccounted() == 0;
        until(|| settled(running.summary().total));
        let total = drained(running).total;
        assert!(total.send_blocked > 0, "{total:?}");
        let faults = total.faults.unwrap();
        assert_eq!(total.dropped == 0, when_full == WhenFull::Wait, "{total:?}");
        until(|| {
            client.take();
            let copies = client.seen.duplicated();
            (client.seen.intact.len() as u64, copies) == (total.echoed, faults.duplicated)
        });
        assert_eq!(client.seen.reordered, faults.reordered);
    }
}

#[test]
fn two_workers_have_fates_of_their_own_and_one_sum() {
    let (running, server) = started(&faulty("127.0.0.1:0", "drop=50%").workers(2));
    let mut clients: Vec<_> = (0..16).map(|_| Counting::to(server)).collect();
    for client in &mut clients {
        for number in 0..20 {
            client.socket.as_std().send(&Seen::payload(number)).unwrap();
        }
    }
    until(|| running.summary().total.received == 320);
    let summary = drained(running);
    let replies: u64 = clients
        .iter_mut()
        .map(|client| {
            client.take();
            client.seen.intact.len() as u64
        })
        .sum();
    assert_eq!(summary.total.echoed, replies);
    let dropped = summary.workers.iter().filter_map(|worker| worker.faults);
    let dropped: u64 = dropped.map(|faults| faults.dropped_by_fault).sum();
    assert_eq!(dropped, 320 - replies);
}
