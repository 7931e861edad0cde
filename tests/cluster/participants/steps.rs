//! Random steps: a seed decides who comes, leaves, crashes or lets its lease expire, and when.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use etcdscope::model::coordination::{ClaimKind, EndCause, Tenure};
use fastrand::Rng;

use super::super::support::SOON;
use super::console::{Console, Told};
use super::line::Line;
use super::participant::{Kind, Place};
use super::picture::{Shown, shown};

/// So many stand in one line at most.
const MOST_IN_LINE: usize = 5;

/// What happens in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// One comes: it acquires what is free, and waits for what is not.
    Join { line: usize, kind: Kind },
    /// One releases, resigns, or leaves the line. (The number is its place among those who live.)
    Leave { line: usize, place: usize },
    /// One is killed.
    Crash { line: usize, place: usize },
    /// One renews its lease no more.
    Expire { line: usize, place: usize },
    /// Everybody waits until the dead are gone.
    AwaitExpiry,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Crash { .. } => "crash",
            Self::Expire { .. } => "expire",
            Self::AwaitExpiry => "await expiry",
        }
    }
}

/// A run of steps on one cluster, followed by a mirror.
pub struct Steps {
    place: Place,
    console: Console,
    lines: Vec<Line>,
    rng: Rng,
    seed: u64,
    joined: usize,
    /// Some have died since everybody waited for it.
    deaths: usize,
    done: BTreeMap<&'static str, usize>,
    /// How claims ended, by their lease: what the console may say of it.
    ends: HashMap<i64, &'static [EndCause]>,
}

/// A session that is closed deletes its key, and revokes its lease in the next moment.
const LEFT: &[EndCause] = &[EndCause::Released, EndCause::Revoked];
const DIED: &[EndCause] = &[EndCause::Expired];
const REVOKED: &[EndCause] = &[EndCause::Revoked];

impl Steps {
    pub async fn new(place: Place, seed: u64) -> Self {
        const LOCK: &[Kind] = &[Kind::CtlLock, Kind::CtlLockCommand, Kind::ClientLock];
        const ELECTION: &[Kind] = &[Kind::CtlElect, Kind::ClientCampaign];
        let mut lines = vec![
            Line::new("/participants/locks/stock", ClaimKind::Lock, LOCK),
            Line::new("/participants/locks/orders", ClaimKind::Lock, LOCK),
            Line::new("/participants/elections/scheduler", ClaimKind::Election, ELECTION),
            Line::new("/participants/elections/reporter", ClaimKind::Election, ELECTION),
        ];
        if place.has_python() {
            lines.push(Line::new("/locks/invoice", ClaimKind::Lock, &[Kind::PythonLock]));
        }
        let console = Console::open(&place.local.endpoints());
        let rng = Rng::with_seed(seed);
        Self {
            place,
            console,
            lines,
            rng,
            seed,
            joined: 0,
            deaths: 0,
            done: BTreeMap::new(),
            ends: HashMap::new(),
        }
    }

    /// Takes so many steps. After each of them everything shown agrees with what everybody believes.
    pub async fn take(&mut self, steps: usize) {
        let begun = Instant::now();
        for number in 1..=steps {
            let step = self.next();
            self.carry_out(step).await;
            self.until_agreed(&format!("step {number}, {step:?}")).await;
            *self.done.entry(step.name()).or_default() += 1;
        }
        self.await_expiry().await;
        self.until_agreed("the end").await;
        let causes = self.causes().await;
        println!(
            "etcd {}, seed {}: {steps} steps in {:.1} s: {:?}; tenures ended {causes:?}",
            self.place.local.version(),
            self.seed,
            begun.elapsed().as_secs_f64(),
            self.done
        );
    }

    /// Decides what happens next, by the seed and by what it decided before alone.
    fn next(&mut self) -> Step {
        let line = self.rng.usize(..self.lines.len());
        let living = self.lines[line].living().count();
        let roll = self.rng.u32(..100);
        let kind = self.lines[line].kinds[self.rng.usize(..self.lines[line].kinds.len())];
        // The first of the line more often than others.
        let first = self.rng.bool();
        let place = if first || living == 0 { 0 } else { self.rng.usize(..living) };
        if roll < 5 && self.deaths > 0 {
            return Step::AwaitExpiry;
        }
        match (living, roll) {
            (0, _) | (1, ..60) | (..MOST_IN_LINE, ..45) => Step::Join { line, kind },
            (_, ..83) => Step::Leave { line, place },
            (_, ..92) => Step::Crash { line, place },
            _ => Step::Expire { line, place },
        }
    }

    async fn carry_out(&mut self, step: Step) {
        let of = |line: &Line, place| line.living().nth(place).expect("one who lives");
        match step {
            Step::Join { line, kind } => {
                self.joined += 1;
                let name = format!("p{}", self.joined);
                let one = self.place.join(kind, self.lines[line].name, name).await;
                self.lines[line].all.push(one);
            }
            Step::Leave { line, place } => {
                let line = &mut self.lines[line];
                let index = of(line, place);
                let one = &mut line.all[index];
                one.leave(&self.place).await;
                let lease = one.claim.as_ref().map(|claim| claim.lease);
                self.ends.extend(lease.map(|lease| (lease, if one.died.is_none() { LEFT } else { DIED })));
                if one.died.is_none() {
                    line.all.remove(index);
                }
            }
            Step::Crash { line, place } | Step::Expire { line, place } => {
                let index = of(&self.lines[line], place);
                let one = &mut self.lines[line].all[index];
                if matches!(step, Step::Crash { .. }) {
                    one.crash(&self.place).await;
                } else {
                    one.expire(&self.place).await;
                }
                let end = if one.kind == Kind::CtlElect { REVOKED } else { DIED };
                self.ends.extend(one.claim.as_ref().map(|claim| (claim.lease, end)));
                self.deaths += 1;
            }
            Step::AwaitExpiry => self.await_expiry().await,
        }
    }

    async fn await_expiry(&mut self) {
        self.deaths = 0;
        while self.lines.iter().any(Line::has_dead) {
            self.until_agreed("while the dead expire").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the console knows how each tenure ended, or that it cannot know, and sees that it is
    /// true; counts what it says.
    async fn causes(&self) -> BTreeMap<EndCause, usize> {
        let past = |told: &Told| -> Option<Vec<(String, Tenure)>> {
            let of =
                |line: &Line| told.picture.queues.get(line.name.as_bytes()).map(|queue| queue.past.clone());
            let all = self.lines.iter().filter_map(|line| Some((line.name, of(line)?)));
            let all = all.flat_map(|(name, past)| {
                past.iter().map(|tenure| (name.to_owned(), tenure.clone())).collect::<Vec<_>>()
            });
            let all: Vec<_> = all.collect();
            all.iter().all(|(_, tenure)| tenure.cause != EndCause::Asking).then_some(all)
        };
        let (past, _) = self.console.until("the causes of all ends", past).await;
        let mut causes = BTreeMap::new();
        for (line, tenure) in past {
            let lease = tenure.claim.meta.lease;
            // One that was killed while it tried may have got it all the same.
            let true_ones = self.ends.get(&lease).copied().unwrap_or(DIED);
            assert!(
                tenure.cause == EndCause::Unknown || true_ones.contains(&tenure.cause),
                "ETCDSCOPE_SEED={}: {line}, lease {lease:x}: said to be {:?}, but was {true_ones:?}",
                self.seed,
                tenure.cause
            );
            *causes.entry(tenure.cause).or_default() += 1;
        }
        causes
    }

    /// Waits until everything shown agrees with what everybody believes.
    async fn until_agreed(&mut self, when: &str) {
        let begun = Instant::now();
        loop {
            let shown = self.console.look(shown);
            let Err(difference) = self.agrees(&shown) else { return };
            if begun.elapsed() > SOON {
                let everybody: Vec<_> =
                    self.lines.iter().map(|line| format!("{}: {}", line.name, line.everybody())).collect();
                panic!(
                    "ETCDSCOPE_SEED={}, {when}: {difference}\nbelieved:\n{}\nshown: {shown:#?}",
                    self.seed,
                    everybody.join("\n")
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn agrees(&mut self, shown: &BTreeMap<String, Shown>) -> Result<(), String> {
        for line in &mut self.lines {
            line.agrees(shown.get(line.name)).map_err(|difference| format!("{}: {difference}", line.name))?;
        }
        match shown.keys().find(|name| self.lines.iter().all(|line| line.name != **name)) {
            Some(name) => Err(format!("{name} is shown, and nobody has to do with it")),
            None => Ok(()),
        }
    }
}
