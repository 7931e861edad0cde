//! Random steps: a seed decides who comes, leaves, crashes or lets its lease expire, and when.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use etcdscope::model::coordination::ClaimKind;
use fastrand::Rng;

use super::super::support::SOON;
use super::console::Console;
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
}

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
        Self { place, console, lines, rng, seed, joined: 0, deaths: 0, done: BTreeMap::new() }
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
        println!(
            "etcd {}, seed {}: {steps} steps in {:.1} s: {:?}",
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
                line.all[index].leave(&self.place).await;
                if line.all[index].died.is_none() {
                    line.all.remove(index);
                }
            }
            Step::Crash { line, place } => {
                let index = of(&self.lines[line], place);
                self.lines[line].all[index].crash(&self.place).await;
                self.deaths += 1;
            }
            Step::Expire { line, place } => {
                let index = of(&self.lines[line], place);
                self.lines[line].all[index].expire(&self.place).await;
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
