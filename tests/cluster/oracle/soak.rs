//! Episode after episode for as long as asked, two at a time, with memory and handles watched.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::measure::{Growth, Usage};
use super::plan::{Kind, Plan};
use super::run::{Outcome, Stage};

/// An episode that takes longer hangs.
const EPISODE_LIMIT: Duration = Duration::from_secs(180);
/// About as long as an episode takes: none is begun that would end much too late.
const EPISODE: Duration = Duration::from_secs(14);

/// How long to run, and what.
pub struct Soak {
    pub duration: Duration,
    /// Run first, in this order.
    pub seeds: Vec<u64>,
    /// Nothing but `seeds`, again and again if there is time.
    pub only_these: bool,
}

/// What all episodes together found.
#[derive(Default)]
pub struct Total {
    pub seeds: u64,
    pub events: u64,
    pub pictures: u64,
    pub ranges: u64,
    pub relists: u64,
    pub revisions: i64,
    pub saved: u64,
    pub conflicts: u64,
    pub not_saved: u64,
    pub unknown: u64,
    pub faults: BTreeMap<&'static str, u64>,
    /// Seed, and the plan with the first difference.
    pub failures: Vec<(u64, String)>,
}

/// Seeds still to be run, for each sort of cluster.
struct Seeds {
    waiting: VecDeque<u64>,
    again: Vec<u64>,
    ends: Instant,
}

impl Seeds {
    /// The next seed for clusters of so many members.
    fn next(&mut self, members: usize) -> Option<u64> {
        let fits = |seed: &u64| Kind::of(*seed).members == members;
        if let Some(at) = self.waiting.iter().position(fits) {
            return self.waiting.remove(at);
        }
        if Instant::now() + EPISODE > self.ends {
            return None;
        }
        if !self.again.is_empty() {
            return self.again.iter().copied().find(fits);
        }
        // Short enough to be typed.
        std::iter::repeat_with(|| fastrand::u64(..1 << 32)).find(fits)
    }
}

impl Soak {
    /// Runs, and prints a line for each seed.
    pub async fn run(self) -> (Total, Growth) {
        let begun = Instant::now();
        let seeds = Seeds {
            waiting: self.seeds.iter().copied().collect(),
            again: if self.only_these { self.seeds } else { Vec::new() },
            ends: begun + self.duration,
        };
        let seeds = Arc::new(Mutex::new(seeds));
        let total = Arc::new(Mutex::new(Total::default()));
        let growth = Arc::new(Mutex::new(Growth::new(self.duration)));
        // Clusters of three and of one, each with its own seeds, so that no two share a cluster.
        let lanes = [3, 1].map(|members| {
            let (seeds, total, growth) = (seeds.clone(), total.clone(), growth.clone());
            tokio::spawn(async move {
                let mut stages = HashMap::new();
                loop {
                    let Some(seed) = seeds.lock().unwrap().next(members) else { return };
                    let outcome = one(seed, &mut stages).await;
                    let usage = Usage::now();
                    growth.lock().unwrap().add(begun.elapsed(), usage);
                    total.lock().unwrap().add(seed, outcome, usage);
                }
            })
        });
        for lane in lanes {
            lane.await.expect("a lane");
        }
        let total = std::mem::take(&mut *total.lock().unwrap());
        let growth = std::mem::replace(&mut *growth.lock().unwrap(), Growth::new(self.duration));
        (total, growth)
    }
}

/// Runs one episode on the cluster that it needs; the cluster is left to later ones if all went well.
async fn one(seed: u64, stages: &mut HashMap<Kind, Arc<Stage>>) -> Result<Outcome, String> {
    let plan = Plan::of(seed);
    let stage = match stages.remove(&plan.kind) {
        Some(stage) => stage,
        None => Arc::new(Stage::start(plan.kind).await),
    };
    let (kind, running) = (plan.kind, stage.clone());
    // What panics in it is told with its seed.
    let mut episode = tokio::spawn(async move { running.episode(&plan).await });
    let outcome = match tokio::time::timeout(EPISODE_LIMIT, &mut episode).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Err(format!("it panicked: {error}")),
        Err(_) => {
            episode.abort();
            Err(format!("it does not end within {EPISODE_LIMIT:?}"))
        }
    };
    if outcome.as_ref().is_ok_and(|outcome| outcome.difference.is_none()) {
        stages.insert(kind, stage);
    }
    outcome
}

impl Total {
    fn add(&mut self, seed: u64, outcome: Result<Outcome, String>, usage: Usage) {
        self.seeds += 1;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(why) => {
                println!("seed {seed}: {why}");
                self.failures.push((seed, format!("{}  {why}", Plan::of(seed))));
                return;
            }
        };
        let (compared, tally) = (outcome.compared, outcome.tally);
        let faults: Vec<_> = outcome.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
        println!(
            "seed {seed}: {:.1} s, {} revisions, {} events, {} pictures, {} ranges, {} relists; {} saved, {} conflicts, \
             {} not saved, {} unknown; {}; {} MiB: {}",
            outcome.seconds,
            outcome.revisions,
            compared.events,
            compared.pictures,
            outcome.ranges,
            compared.relists,
            tally.saved,
            tally.conflicts,
            tally.not_saved,
            tally.unknown,
            faults.join(", "),
            usage.rss_bytes >> 20,
            if outcome.difference.is_none() { "equal" } else { "DIFFERENT" },
        );
        self.events += compared.events;
        self.pictures += compared.pictures;
        self.relists += compared.relists;
        self.ranges += outcome.ranges as u64;
        self.revisions += outcome.revisions;
        self.saved += tally.saved;
        self.conflicts += tally.conflicts;
        self.not_saved += tally.not_saved;
        self.unknown += tally.unknown;
        for (name, count) in outcome.faults {
            *self.faults.entry(name).or_default() += count;
        }
        if let Some(difference) = outcome.difference {
            let told = format!("{}  {difference}\n  ETCDSCOPE_SEED={seed} runs it again", Plan::of(seed));
            println!("{told}");
            self.failures.push((seed, told));
        }
    }

    /// The summary, for people.
    pub fn summary(&self, growth: &Growth) -> String {
        let faults: Vec<_> = self.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
        format!(
            "{} seeds, {} differences\n{} revisions, {} events and {} pictures compared, {} ranges, {} re-listings\n\
             guarded writes: {} saved, {} conflicts, {} not saved, {} unknown\nfaults: {} ({})\n{growth}",
            self.seeds,
            self.failures.len(),
            self.revisions,
            self.events,
            self.pictures,
            self.ranges,
            self.relists,
            self.saved,
            self.conflicts,
            self.not_saved,
            self.unknown,
            self.faults.values().sum::<u64>(),
            faults.join(", "),
        )
    }

    /// The same for programs, on one line.
    pub fn json(&self, growth: &Growth) -> String {
        let faults: Vec<_> = self.faults.iter().map(|(name, count)| format!("\"{name}\":{count}")).collect();
        let failed: Vec<_> = self.failures.iter().map(|(seed, _)| seed.to_string()).collect();
        format!(
            "{{\"seeds\":{},\"differences\":{},\"failed\":[{}],\"revisions\":{},\"events\":{},\"pictures\":{},\
             \"ranges\":{},\"relists\":{},\"saved\":{},\"conflicts\":{},\"not_saved\":{},\"unknown\":{},\
             \"faults\":{{{}}},{}}}",
            self.seeds,
            self.failures.len(),
            failed.join(","),
            self.revisions,
            self.events,
            self.pictures,
            self.ranges,
            self.relists,
            self.saved,
            self.conflicts,
            self.not_saved,
            self.unknown,
            faults.join(","),
            growth.json(),
        )
    }
}
