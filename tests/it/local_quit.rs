//! `quit` from this host ends the server, once everything that was queued before is answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use echo_reactor::Config;
use echo_reactor::access::QuitPolicy;

use crate::rig::client::Client;
use crate::rig::server::{EACH_IO, drained, ended, on, open, started};

#[track_caller]
fn assert_quit_ends_it(config: &Config, target: IpAddr) {
    let (running, server) = started(config);
    let client = Client::to((target, server.port()).into());
    client.assert_echo(b"Hello, world");
    client.assert_echo(b"quit");
    let summary = ended(running);
    assert_eq!(summary.total.echoed, 2);
    assert_eq!(summary.total.quit_ignored, 0);
}

#[test]
fn quit_is_echoed_and_ends_the_server() {
    let (v4, v6) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
    for io in EACH_IO {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            assert_quit_ends_it(&on(address).io(io), v4.into());
        }
        for address in ["[::1]:0", "[::]:0"] {
            assert_quit_ends_it(&on(address).io(io), v6.into());
        }
    }
}

#[test]
fn what_is_queued_at_any_worker_is_answered_before_quit_ends_it() {
    for io in EACH_IO {
        let (server, address) = open(&on("127.0.0.1:0").workers(4).io(io));
        let clients: Vec<_> = (0..40).map(|_| Client::to(address)).collect();
        for round in 0..4 {
            for (number, client) in clients.iter().enumerate() {
                let asks = round == 2 && number == 20;
                client.send(if asks { b"quit" } else { b"work" });
            }
        }
        let summary = ended(server.start().unwrap());
        for (number, client) in clients.iter().enumerate() {
            let mut replies: Vec<_> = (0..4).map(|_| client.receive()).collect();
            replies.sort();
            let quits = replies.iter().filter(|reply| *reply == b"quit").count();
            assert_eq!(quits, usize::from(number == 20));
        }
        assert_eq!(summary.total.echoed, 160);
        assert_eq!(summary.total.queued_bytes, 0);
    }
}

#[test]
fn what_is_only_like_quit_is_an_ordinary_datagram() {
    for io in EACH_IO {
        let (running, server) = started(&on("127.0.0.1:0").io(io));
        let client = Client::to(server);
        let similar: [&[u8]; 7] = [
            b"quit\n",
            b"QUIT",
            b"Quit",
            b"qui",
            b" quit",
            b"quit\0",
            b"quitquit",
        ];
        for payload in similar {
            client.assert_echo(payload);
        }
        client.assert_echo(b"still there?");
        let summary = drained(running);
        assert_eq!(summary.total.echoed, 8);
        assert_eq!(summary.total.quit_ignored, 0);
    }
}

#[test]
fn nobody_may_quit_a_server_that_says_never() {
    for io in EACH_IO {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let (running, server) = started(&on(address).io(io).quit(QuitPolicy::Never));
            let client = Client::to((Ipv4Addr::LOCALHOST, server.port()).into());
            client.assert_echo(b"quit");
            client.assert_echo(b"still there?");
            assert_eq!(drained(running).total.echoed, 2);
        }
    }
}
