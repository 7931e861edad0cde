use super::*;

fn target(name: &str) -> Target<'_> {
    Target {
        name: name.as_bytes(),
        weight: None,
        latency_ms: None,
        connections: None,
        health: Health::Up,
        breaker: None,
    }
}

fn near(found: &[f64], expected: &[f64]) {
    let fits = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9);
    assert!(fits, "{found:?} is not {expected:?}");
}

#[test]
fn in_turn_and_at_random_all_get_the_same_whatever_they_weigh() {
    let targets = [
        Target { weight: Some(9.0), ..target("a") },
        target("b"),
        Target { weight: Some(0.0), ..target("c") },
    ];
    for strategy in [Strategy::RoundRobin, Strategy::Random] {
        near(&shares(strategy, &targets), &[1.0 / 3.0; 3]);
    }
}

#[test]
fn weights_divide_and_what_told_none_counts_as_the_mean() {
    let weighted = |weight: f64| Target { weight: Some(weight), ..target("a") };
    near(
        &shares(Strategy::Weighted, &[weighted(100.0), weighted(20.0), weighted(0.0)]),
        &[100.0 / 120.0, 20.0 / 120.0, 0.0],
    );
    let found = traffic(Strategy::Weighted, &[weighted(30.0), weighted(10.0), target("c")]);
    assert_eq!(found[2].remarks, [Remark::WeightAssumed]);
    assert_eq!(found[0].remarks, []);
    near(&[found[2].share], &[20.0 / 60.0]);
    let found = traffic(Strategy::Weighted, &[weighted(0.0), weighted(5.0)]);
    assert_eq!(found[0].left_out, Some(LeftOut::NoWeight));
    near(&shares(Strategy::Weighted, &[target("a"), target("b")]), &[0.5, 0.5]);
}

#[test]
fn those_that_do_not_serve_are_left_out_and_it_is_said_why() {
    let targets = [
        Target { health: Health::Down, ..target("a") },
        Target { health: Health::Starting, ..target("b") },
        Target { breaker: Some(Breaker::Open), ..target("c") },
        Target { breaker: Some(Breaker::HalfOpen), ..target("d") },
        Target { health: Health::Late, ..target("e") },
    ];
    for strategy in Strategy::ALL {
        let found = traffic(strategy, &targets);
        let reasons: Vec<_> = found.iter().map(|share| share.left_out).collect();
        let expected = [Some(LeftOut::Down), Some(LeftOut::Starting), Some(LeftOut::BreakerOpen), None, None];
        assert_eq!(reasons, expected, "{strategy:?}");
        assert!(found[3].remarks.contains(&Remark::HalfOpen) && found[4].remarks.contains(&Remark::Late));
        near(&[found.iter().map(|share| share.share).sum()], &[1.0]);
    }
    let gone = [targets[0].clone(), targets[2].clone()];
    for strategy in Strategy::ALL {
        near(&shares(strategy, &gone), &[0.0, 0.0]);
        assert!(shares(strategy, &[]).is_empty());
    }
}

#[test]
fn twice_as_quick_gets_twice_as_much() {
    let quick = Target { latency_ms: Some(20.0), ..target("a") };
    let slow = Target { latency_ms: Some(40.0), ..target("b") };
    near(&shares(Strategy::ResponseTime, &[quick.clone(), slow.clone()]), &[2.0 / 3.0, 1.0 / 3.0]);
    let found = traffic(Strategy::ResponseTime, &[quick, slow, target("c")]);
    assert_eq!(found[2].remarks, [Remark::WeightAssumed, Remark::LatencyAssumed]);
    // 1/20, 1/40, 1/30
    near(&[found[2].share], &[(1.0 / 30.0) / (1.0 / 20.0 + 1.0 / 40.0 + 1.0 / 30.0)]);
    let none = traffic(Strategy::ResponseTime, &[target("a"), target("b")]);
    assert!(none.iter().all(|share| share.remarks.contains(&Remark::LatencyAssumed)));
    near(&[none[0].share], &[0.5]);
}

#[test]
fn fewer_connections_get_more_and_without_them_the_response_time_tells() {
    let busy = |connections: f64| Target { connections: Some(connections), ..target("a") };
    near(&shares(Strategy::LeastConnections, &[busy(0.0), busy(3.0)]), &[0.8, 0.2]);
    let found = traffic(
        Strategy::LeastConnections,
        &[Target { latency_ms: Some(10.0), ..target("a") }, Target { latency_ms: Some(30.0), ..target("b") }],
    );
    assert!(found.iter().all(|share| share.remarks.contains(&Remark::ByLatencyInstead)));
    near(&[found[0].share], &[0.75]);
}

#[test]
fn the_ring_is_the_same_each_time_and_follows_weights() {
    let names: Vec<String> = (0..10).map(|number| format!("10.0.0.{number}:8080")).collect();
    let mut targets: Vec<Target<'_>> = names.iter().map(|name| target(name)).collect();
    let first = shares(Strategy::ConsistentHash, &targets);
    assert_eq!(first, shares(Strategy::ConsistentHash, &targets));
    // 160 points each: their arcs scatter by about 1/√160, 8 %.
    assert!(first.iter().all(|share| (0.06..0.14).contains(share)), "{first:?}");
    assert!(first.iter().any(|share| (share - 0.1).abs() > 1e-4), "a ring is never quite even");
    for (at, target) in targets.iter_mut().enumerate() {
        target.weight = Some(if at == 0 { 9.0 } else { 1.0 });
    }
    let weighted = shares(Strategy::ConsistentHash, &targets);
    assert!((0.42..0.58).contains(&weighted[0]), "{weighted:?}");
}

#[test]
fn one_that_goes_takes_nothing_from_the_others_on_the_ring() {
    let names: Vec<String> = (0..6).map(|number| format!("node-{number}")).collect();
    let mut targets: Vec<Target<'_>> = names.iter().map(|name| target(name)).collect();
    let before = shares(Strategy::ConsistentHash, &targets);
    targets[2].health = Health::Down;
    let after = shares(Strategy::ConsistentHash, &targets);
    for at in [0, 1, 3, 4, 5] {
        assert!(after[at] >= before[at], "{at}: {before:?} {after:?}");
    }
}

#[test]
fn several_nodes_in_one_key_are_several_targets() {
    use crate::model::coordination::Node;
    let mut instance =
        Instance::found(b"/apisix/upstreams/1".as_slice().into(), Default::default(), "1".into());
    assert_eq!(Target::of(&instance, 0, 3, 10).count(), 1);
    let node = |address: &str, weight| Node { address: address.into(), weight: Some(weight) };
    instance.nodes = vec![node("10.0.0.1:80", 3.0), node("10.0.0.2:80", 1.0)];
    let targets: Vec<_> = Target::of(&instance, 0, 3, 10).collect();
    near(&shares(Strategy::Weighted, &targets), &[0.75, 0.25]);
}

mod random {
    use proptest::prelude::*;

    use crate::model::coordination::traffic::{self, Breaker, Health, Target};

    fn any_number() -> impl Strategy<Value = Option<f64>> {
        prop_oneof![
            Just(None),
            (0.0..1_000.0).prop_map(Some),
            prop_oneof![
                Just(0.0),
                Just(-1.0),
                Just(f64::NAN),
                Just(f64::INFINITY),
                Just(f64::MAX),
                Just(f64::MIN_POSITIVE)
            ]
            .prop_map(Some),
        ]
    }

    type Raw = (Option<f64>, Option<f64>, Option<f64>, u8, u8);

    fn built<'a>(raw: &'a [Raw], names: &'a [String]) -> Vec<Target<'a>> {
        let build = |(raw, name): (&Raw, &'a String)| Target {
            name: name.as_bytes(),
            weight: raw.0,
            latency_ms: raw.1,
            connections: raw.2,
            health: [Health::Up, Health::Up, Health::Late, Health::Starting, Health::Down]
                [usize::from(raw.3)],
            breaker: [None, Some(Breaker::Closed), Some(Breaker::HalfOpen), Some(Breaker::Open)]
                [usize::from(raw.4)],
        };
        raw.iter().zip(names).map(build).collect()
    }

    proptest! {
        #[test]
        fn shares_add_up_to_one_or_nothing_serves(
            raw in prop::collection::vec((any_number(), any_number(), any_number(), 0_u8..5, 0_u8..4), 0..12),
        ) {
            let names: Vec<String> = (0..raw.len()).map(|number| format!("10.0.0.{number}:80")).collect();
            let targets = built(&raw, &names);
            for strategy in traffic::Strategy::ALL {
                let found = traffic::traffic(strategy, &targets);
                prop_assert_eq!(found.len(), targets.len());
                prop_assert!(found.iter().all(|share| (0.0..=1.0 + 1e-9).contains(&share.share)), "{:?}", found);
                prop_assert!(found.iter().all(|share| share.left_out.is_none() || share.share == 0.0));
                let sum: f64 = found.iter().map(|share| share.share).sum();
                let serves = found.iter().any(|share| share.left_out.is_none());
                let expected = if serves { 1.0 } else { 0.0 };
                prop_assert!((sum - expected).abs() < 1e-9, "{:?}: {} {:?}", strategy, sum, found);
            }
        }
    }
}
