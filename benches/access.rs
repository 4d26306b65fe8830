//! What a datagram costs that is judged by rules: limits with few sources and with a flood of forged
//! ones, lists of networks, and what looks like a demand to end.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use echo_reactor::access::keyed::{self, KeyedQuit, QuitKey};
use echo_reactor::access::{Limit, Limiter, Limits, Moment, Prefixes};
use echo_reactor::udp::RawAddress;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500))
        .configure_from_args();
    limits(&mut criterion);
    networks(&mut criterion);
    quits(&mut criterion);
    criterion.final_summary();
}

/// One datagram of one source after the other, a microsecond apart.
fn limits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limit");
    group.throughput(Throughput::Elements(1));
    for (name, total) in [
        ("each source", None),
        ("each source and in all", Some(Limit::new(900_000, 1_000))),
    ] {
        for sources in [1_u32, 1_000, 10_000_000] {
            let limiter = Limiter::new(&Limits {
                each: Some(Limit::new(10_000, 1_000)),
                total,
                ..Limits::default()
            });
            let shape = BenchmarkId::new(name, format!("sources: {sources}"));
            let mut number = 0_u32;
            group.bench_function(shape, |bencher| {
                bencher.iter(|| {
                    number = number.wrapping_add(1);
                    let ip = IpAddr::V4(Ipv4Addr::from(number % sources));
                    let now = Moment::after(Duration::from_micros(number.into()));
                    black_box(limiter.ask(black_box(ip), now, 1))
                });
            });
        }
    }
    group.finish();
}

/// Lists as long as that of one's own networks, and as that of a country's.
fn networks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("prefixes");
    group.throughput(Throughput::Elements(1));
    for length in [4_u32, 10_000] {
        let every = u32::MAX / length;
        let list: Vec<_> = (0..length)
            .map(|number| Ipv4Addr::from((number * every) & !0xff))
            .map(|ip| format!("{ip}/24").parse().expect("it is one"))
            .collect();
        let prefixes = Prefixes::new(&list, &[], true);
        let mut bits = 1_u32;
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter(|| {
                bits = bits.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
                black_box(prefixes.judge(IpAddr::V4(Ipv4Addr::from(black_box(bits)))))
            });
        });
    }
    group.finish();
}

/// Questions and proofs that do not hold, which anybody may send as often as they like.
fn quits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quit");
    group.throughput(Throughput::Elements(1));
    let key = QuitKey::new(&[7; keyed::SHORTEST_KEY]).expect("it is long enough");
    let server = KeyedQuit::new(key, &[9; keyed::BYTES]);
    let client = RawAddress::from(SocketAddr::from(([192, 0, 2, 1], 4_000)));
    let mut proof = keyed::question();
    proof[..5].copy_from_slice(b"quit ");
    proof[5..].fill(b'f');
    for (name, payload) in [("question", keyed::question()), ("wrong proof", proof)] {
        let mut number = 0_u64;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                number += 1;
                let now = Moment::after(Duration::from_micros(number));
                black_box(server.meet(&client, black_box(&payload), now))
            });
        });
    }
    group.finish();
}
