use proptest::prelude::*;

use super::*;
use crate::model::bytes::Value;
use crate::model::record::KeyMeta;

/// Questions asked at the same time.
const MOST: usize = 32;
/// Waves in which the first page must be there.
const WAVES: usize = 5;

/// A generation by the revisions of its versions, oldest first.
#[derive(Debug, Clone)]
struct Generation(Vec<i64>);

impl Generation {
    fn of(distances: impl IntoIterator<Item = i64>) -> Self {
        let mut at = 5;
        Self(
            distances
                .into_iter()
                .map(|distance| {
                    at += distance.max(1);
                    at
                })
                .collect(),
        )
    }

    fn version(&self, number: usize) -> KeyVersion {
        let (create_revision, mod_revision) = (self.0[0], self.0[number - 1]);
        let version = i64::try_from(number).unwrap();
        let meta = KeyMeta { create_revision, mod_revision, version, lease: 0 };
        KeyVersion { meta, value: Value::from([].as_slice()) }
    }

    /// What etcd would say.
    fn at(&self, revision: i64) -> Option<KeyVersion> {
        let number = match revision {
            0 => self.0.len(),
            at => self.0.partition_point(|put| *put <= at),
        };
        (number > 0).then(|| self.version(number))
    }
}

/// What a walk took.
#[derive(Debug)]
struct Taken {
    waves: usize,
    asked: usize,
    history: History,
}

fn walk(generation: &Generation, below: Option<i64>, limit: u32, compacted: i64) -> Taken {
    let mut walk = Walk::new(below.map_or(0, |below| below - 1), limit);
    let (mut waves, mut asked) = (0, std::collections::HashSet::new());
    loop {
        let wave = walk.next_wave(MOST);
        if wave.is_empty() {
            break;
        }
        assert!(wave.len() <= MOST);
        waves += 1;
        assert!(waves < 10_000, "it comes to no end");
        for at in wave {
            assert!(asked.insert(at), "{at} was asked for twice");
            if at != 0 && at < compacted {
                walk.compacted(at);
            } else {
                walk.told(at, generation.at(at)).expect("one history");
            }
        }
    }
    Taken { waves, asked: asked.len(), history: walk.finish() }
}

/// What a walk must tell, one Get after the other.
fn expected(generation: &Generation, below: Option<i64>, limit: u32, compacted: i64) -> History {
    let mut history = History::default();
    let mut at = below.map_or(0, |below| below - 1);
    while history.versions.len() < limit as usize {
        if at != 0 && at < compacted {
            history.end = HistoryEnd::Compacted { at_revision: at };
            return history;
        }
        let Some(version) = generation.at(at) else {
            history.end = HistoryEnd::FirstVersion;
            return history;
        };
        let meta = version.meta;
        history.versions.push(version);
        if meta.version == 1 {
            history.end = HistoryEnd::FirstVersion;
            return history;
        }
        at = meta.mod_revision - 1;
    }
    // Whether more can be read is known at once where it was asked.
    history
}

fn same(told: &History, wanted: &History) {
    assert_eq!(told.versions, wanted.versions);
    match (told.end, wanted.end) {
        // It may know already that the next page is compacted away.
        (HistoryEnd::Compacted { .. }, HistoryEnd::More) => {}
        (told, wanted) => assert_eq!(told, wanted),
    }
}

fn first_page(generation: &Generation) -> usize {
    let taken = walk(generation, None, 20, 0);
    same(&taken.history, &expected(generation, None, 20, 0));
    taken.waves
}

#[test]
fn the_first_page_of_a_thousand_comes_in_few_waves() {
    let shapes: Vec<(String, Generation)> = [
        ("adjacent", vec![1; 1_000]),
        ("regular", vec![337; 1_000]),
        ("every 100,000th revision", vec![100_000; 1_000]),
        ("bursts of ten", (0..1_000).map(|n| if n % 10 == 0 { 50_000 } else { 1 }).collect()),
        ("bursts of three", (0..1_000).map(|n| if n % 3 == 0 { 900 } else { 2 }).collect()),
        ("bursts of fifty", (0..1_000).map(|n| if n % 50 == 0 { 1_000_000 } else { 7 }).collect()),
        ("pairs", (0..1_000).map(|n| if n % 2 == 0 { 10_000 } else { 1 }).collect()),
        ("slower and slower", (0..1_000).map(|n| n * n / 10).collect()),
        ("faster and faster", (0..1_000).map(|n| (1_000 - n) * (1_000 - n) / 10).collect()),
        ("one long silence", (0..1_000).map(|n| if n == 990 { 5_000_000 } else { 3 }).collect()),
        ("a burst of late", (0..1_000).map(|n| if n < 985 { 9_000 } else { 1 }).collect()),
    ]
    .into_iter()
    .map(|(name, distances)| (name.to_owned(), Generation::of(distances)))
    .collect();
    for (name, generation) in shapes {
        let waves = first_page(&generation);
        assert!(waves <= WAVES, "{name}: {waves} waves");
        println!("{name}: {waves} waves");
    }
}

#[test]
fn all_versions_are_not_asked_for_much_more_often_than_they_are() {
    for distance in [1, 2, 337, 100_000] {
        let generation = Generation::of(vec![distance; 1_000]);
        let taken = walk(&generation, None, 1_000, 0);
        assert_eq!(taken.history.versions.len(), 1_000);
        assert!(taken.asked <= 1_100 && taken.waves <= 40, "{} in {}", taken.asked, taken.waves);
    }
}

#[test]
fn another_history_is_noticed() {
    let mut walk = Walk::new(0, 20);
    assert_eq!(walk.next_wave(MOST), [0]);
    let generation = Generation::of(vec![10; 50]);
    walk.told(0, generation.at(0)).expect("the first");
    assert_eq!(walk.told(30, None), Err(OtherHistory));
    let other = Generation::of(vec![11; 50]);
    assert_eq!(walk.told(30, other.at(30)), Err(OtherHistory));
}

/// Keys written at random at some pace, in bursts, and at distances of every magnitude; always the
/// same ones, so that the promise is kept or broken each time.
fn some_thousand() -> impl Iterator<Item = Generation> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..3_000).map(move |number| {
        let count = random.usize(2..1_000);
        let (mean, outer, often) = (random.i64(1..20_000), random.i64(1..100_000), random.f64() / 2.0);
        let distance = |random: &mut fastrand::Rng| match number % 3 {
            0 => (-random.f64().max(0.000_1).ln() * mean as f64) as i64 + 1,
            1 if random.f64() < often => outer,
            1 => mean % 4,
            _ => (1 << random.u32(0..20)) + random.i64(0..1_000),
        };
        Generation::of((0..count).map(|_| distance(&mut random)).collect::<Vec<_>>())
    })
}

#[test]
fn the_first_page_comes_in_few_waves_whatever_the_pace() {
    let mut took = [0_usize; 16];
    for generation in some_thousand() {
        took[first_page(&generation)] += 1;
    }
    println!("walks by waves: {took:?}");
    assert_eq!(took[WAVES + 1..].iter().sum::<usize>(), 0, "{took:?}");
}

/// Distances of every magnitude, mixed.
fn anything() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(
        (0_u32..20, 0_i64..1_000).prop_map(|(bits, low)| (1 << bits) + low % (1 << bits)),
        1..300,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However the versions lie, wherever it begins and whatever was compacted: what is told is what
    /// a walk one by one tells.
    #[test]
    fn guesses_cost_no_truth(
        distances in anything(),
        limit in 1_u32..400,
        below in proptest::option::of(0.0_f64..1.1),
        compacted in proptest::option::of(0.0_f64..1.0),
    ) {
        let generation = Generation::of(distances);
        let last = *generation.0.last().unwrap();
        let share = |share: f64| (last as f64 * share) as i64;
        let below = below.map(|at| share(at).max(2));
        let compacted = compacted.map_or(0, share);
        let taken = walk(&generation, below, limit, compacted);
        same(&taken.history, &expected(&generation, below, limit, compacted));
    }
}
