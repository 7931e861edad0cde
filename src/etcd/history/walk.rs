//! Which revisions to ask for next, so that the versions of a key become known in few rounds.
//!
//! A read at a revision tells the newest version at or below it. Versions are numbered, so between
//! two known ones it is known how many are missing; where they lie is guessed: right below each known
//! version (which finds its predecessor for certain), at even distances (keys written at a pace), and
//! at doubling distances (bursts). What is told is exact wherever it was asked: a bad guess costs
//! time, never truth, and nothing is asked twice, because a revision between two known versions whose
//! answer is known already is never a candidate.

use std::collections::BTreeMap;

use crate::model::history::{History, HistoryEnd, KeyVersion};

/// What was asked about contradicts what was told before: the cluster was restored meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OtherHistory;

/// A version with the highest revision at which it is known to have been the newest.
struct Found {
    version: KeyVersion,
    reach: i64,
}

/// A walk under way.
pub(super) struct Walk {
    /// Where it begins: the newest version at this revision (0: now).
    from: i64,
    limit: i64,
    /// Versions of one generation, by their number.
    found: BTreeMap<i64, Found>,
    /// Whether the first question was asked, and what else than a version was its answer.
    begun: bool,
    begins_with: Option<HistoryEnd>,
    /// Revisions below this are compacted away.
    readable_from: i64,
}

/// Missing versions between two known ones.
struct Gap {
    /// The revision right below the newer one: its predecessor is told there.
    top: i64,
    /// Candidates below `top` that are not known to be useless.
    others: i64,
    /// Versions missing in it, and how many of them are wanted.
    missing: i64,
    wanted: i64,
}

impl Walk {
    pub(super) fn new(from: i64, limit: u32) -> Self {
        Self {
            from,
            limit: i64::from(limit.max(1)),
            found: BTreeMap::new(),
            begun: false,
            begins_with: None,
            readable_from: 0,
        }
    }

    /// The revisions to ask for at the same time, at most so many; none: it is done.
    pub(super) fn next_wave(&mut self, most: usize) -> Vec<i64> {
        if !self.begun {
            self.begun = true;
            return vec![self.from];
        }
        let gaps = self.gaps();
        let mut wave: Vec<i64> = gaps.iter().take(most).map(|gap| gap.top).collect();
        let room = i64::try_from(most.saturating_sub(wave.len())).unwrap_or(0);
        let wants: i64 = gaps.iter().map(Gap::guesses).sum();
        if room > 0 && wants > 0 {
            for gap in &gaps {
                // Each gap gets its share, rounded up: the wave is cut below.
                let share = (gap.guesses() * room.min(wants) + wants - 1) / wants;
                gap.guess(share, &mut wave);
            }
        }
        wave.truncate(most);
        wave
    }

    /// Takes in what the key was at a revision that was asked for.
    pub(super) fn told(&mut self, at: i64, version: Option<KeyVersion>) -> Result<(), OtherHistory> {
        let Some(version) = version else {
            if self.found.is_empty() {
                self.begins_with = Some(HistoryEnd::FirstVersion);
                return Ok(());
            }
            return Err(OtherHistory);
        };
        let meta = version.meta;
        let newest = self.found.values().next_back().map(|found| found.version.meta);
        if newest.is_some_and(|newest| newest.create_revision != meta.create_revision) {
            return Err(OtherHistory);
        }
        // The first is asked for at "now": what comes after it may be newer.
        let at = if at == 0 { meta.mod_revision } else { at };
        if let Some(known) = self.found.get_mut(&meta.version) {
            if known.version.meta.mod_revision != meta.mod_revision {
                return Err(OtherHistory);
            }
            known.reach = known.reach.max(at);
            return Ok(());
        }
        let older = self.found.range(..meta.version).next_back();
        let newer = self.found.range(meta.version..).next();
        let in_order = older.is_none_or(|(_, it)| it.version.meta.mod_revision < meta.mod_revision)
            && newer.is_none_or(|(_, it)| it.version.meta.mod_revision > meta.mod_revision);
        if !in_order || (newest.is_some() && newer.is_none()) {
            return Err(OtherHistory);
        }
        self.found.insert(meta.version, Found { version, reach: at });
        Ok(())
    }

    /// Takes in that this revision is compacted away.
    pub(super) fn compacted(&mut self, at: i64) {
        if self.found.is_empty() {
            self.begins_with = Some(HistoryEnd::Compacted { at_revision: at });
        }
        self.readable_from = self.readable_from.max(at + 1);
    }

    /// Number of the oldest version that is wanted.
    fn oldest_wanted(&self) -> i64 {
        let newest = self.found.keys().next_back().copied().unwrap_or(0);
        (newest - self.limit + 1).max(1)
    }

    /// Where versions are missing, the newest first, as far down as they can be read.
    fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let oldest_wanted = self.oldest_wanted();
        let mut known = self.found.iter().rev().peekable();
        while let Some((&number, found)) = known.next() {
            if number <= oldest_wanted {
                break;
            }
            let (below, floor) = match known.peek() {
                Some((older, it)) => (**older, it.reach),
                // The first version was written at the create revision, for certain.
                None => (0, found.version.meta.create_revision - 1),
            };
            let missing = number - below - 1;
            if missing == 0 {
                continue;
            }
            let top = found.version.meta.mod_revision - 1;
            let floor = floor.max(self.readable_from - 1);
            if top <= floor {
                break; // Compacted from here on.
            }
            let wanted = number - oldest_wanted.max(below + 1);
            gaps.push(Gap { top, others: top - floor - 1, missing, wanted });
        }
        gaps
    }

    /// The versions without holes from the newest on, and why they end. `cut`: it was stopped early.
    pub(super) fn finish(self) -> History {
        let oldest_wanted = self.oldest_wanted();
        let mut history = History { versions: Vec::new(), end: self.begins_with.unwrap_or(HistoryEnd::More) };
        for (number, found) in self.found.into_iter().rev() {
            let last = history.versions.last().map(|version| version.meta);
            if number < oldest_wanted || last.is_some_and(|last| last.version != number + 1) {
                break;
            }
            history.versions.push(found.version);
        }
        if let Some(last) = history.versions.last().map(|version| version.meta) {
            let below = last.mod_revision - 1;
            history.end = if last.version <= 1 || last.mod_revision <= last.create_revision {
                HistoryEnd::FirstVersion
            } else if below < self.readable_from {
                HistoryEnd::Compacted { at_revision: below }
            } else {
                HistoryEnd::More
            };
        }
        history
    }
}

impl Gap {
    /// How many guesses are worth their while, beside the certain one: more than are wanted, because
    /// several may tell the same version.
    fn guesses(&self) -> i64 {
        let missing = self.wanted.min(self.missing) - 1;
        if missing <= 0 { 0 } else { (3 * missing + 16).min(self.others) }
    }

    /// Adds so many guesses: where the wanted versions would be if they had been written at a pace
    /// (and as far again, should it have been slower lately), and, where there are guesses enough,
    /// at growing distances from the top for versions written in bursts.
    fn guess(&self, share: i64, wave: &mut Vec<i64>) {
        let share = share.min(self.others);
        let reach = self.reach();
        let even = if share * 2 < self.wanted { share } else { (share * 3 + 2) / 5 };
        let at_a_pace = (1..=even).map(|at| portion(reach, at, even + 1));
        let growing = (0..share - even).map(|at| power(self.others, at, share - even));
        let mut taken: Vec<i64> = Vec::new();
        for distance in at_a_pace.chain(growing) {
            let distance = distance.clamp(1, self.others);
            if !taken.contains(&distance) {
                taken.push(distance);
            }
        }
        wave.extend(taken.into_iter().map(|distance| self.top - distance));
    }

    /// How far below the top guesses are spread evenly.
    fn reach(&self) -> i64 {
        if self.wanted >= self.missing {
            return self.others;
        }
        portion(self.others, 2 * self.wanted, self.missing).clamp(1, self.others)
    }
}

/// `whole * part / parts`, whatever the size of the three.
fn portion(whole: i64, part: i64, parts: i64) -> i64 {
    let portion = i128::from(whole) * i128::from(part) / i128::from(parts.max(1));
    i64::try_from(portion).unwrap_or(whole)
}

/// `whole` to the power of `part / parts`.
fn power(whole: i64, part: i64, parts: i64) -> i64 {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // A guess, kept within bounds.
    let power = (whole as f64).powf(part as f64 / parts as f64) as i64;
    power
}

#[cfg(test)]
mod tests;
