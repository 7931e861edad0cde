//! Health reports, joined with the instances that they are of. Either may come first.

use std::collections::HashMap;
use std::sync::Arc;

use super::services::reported;
use super::{Engine, Moment, Place, Way};
use crate::model::bytes::Key;
use crate::model::coordination::{Instance, Report};
use crate::model::status::SeenAt;

/// A report that could be of more instances than this is of none: their names do not tell them apart.
const MOST_NAMESAKES: usize = 16;

/// What joins a report with its instance: the service's name with the instance's id or address.
pub(super) fn ident(service: &str, instance: &str) -> String {
    [service, "\0", instance].concat()
}

/// What reports may call an instance.
pub(super) fn idents(service: &str, instance: &Instance) -> Vec<Arc<str>> {
    let mut idents: Vec<Arc<str>> = vec![ident(service, &instance.id).into()];
    if let Some(address) = instance.address.as_deref().filter(|address| *address != instance.id) {
        idents.push(ident(service, address).into());
    }
    idents
}

#[derive(Debug)]
struct Told {
    key: Key,
    mod_revision: i64,
    report: Arc<Report>,
}

/// Reports, and the instances that they may be of.
#[derive(Debug, Default)]
pub(super) struct Reports {
    told: HashMap<Arc<str>, Vec<Told>>,
    /// Folder and key of the instances that are called so.
    instances: HashMap<Arc<str>, Vec<(Key, Key)>>,
}

impl Reports {
    fn namesakes(&self, ident: &str) -> &[(Key, Key)] {
        self.instances.get(ident).map_or(&[], Vec::as_slice)
    }

    /// The newest report of an instance. Of several of the same name a report is of those whose keys have
    /// the most in common with its own.
    fn of(&self, key: &Key, idents: &[Arc<str>]) -> Option<&Arc<Report>> {
        let mut newest: Option<&Told> = None;
        for ident in idents {
            let Some(told) = self.told.get(ident) else { continue };
            let namesakes = self.namesakes(ident);
            if namesakes.len() > MOST_NAMESAKES {
                continue;
            }
            for told in told {
                let nearest = namesakes.iter().map(|(_, key)| common(&told.key, key)).max();
                let is_its = nearest.is_none_or(|nearest| common(&told.key, key) >= nearest);
                let order = |told: &Told| (told.mod_revision, told.key.clone());
                if is_its && newest.is_none_or(|newest| order(newest) < order(told)) {
                    newest = Some(told);
                }
            }
        }
        newest.map(|told| &told.report)
    }

    fn is_live(&self, report: &Key, idents: &[Arc<str>]) -> bool {
        let told = idents.iter().filter_map(|ident| self.told.get(ident)).flatten();
        told.into_iter().any(|told| told.key == *report)
    }
}

/// How many bytes both begin with.
fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

impl Engine {
    /// Takes a report in.
    pub(super) fn report(
        &mut self,
        key: &Key,
        mod_revision: i64,
        ident: &Arc<str>,
        report: &Report,
        unchanged: bool,
        moment: Moment,
    ) {
        let told = self.reports.told.entry(ident.clone()).or_default();
        let known = told.iter().position(|told| told.key == *key);
        let before = known.and_then(|at| told.get(at)).and_then(|told| told.report.seen_at);
        let seen_at = if unchanged { before } else { moment.seen() };
        let report = Arc::new(Report { key: Some(key.clone()), seen_at, ..report.clone() });
        let new = Told { key: key.clone(), mod_revision, report };
        match known.and_then(|at| told.get_mut(at)) {
            Some(known) => *known = new,
            None => told.push(new),
        }
        let sampled = moment.way == Way::Seen && !unchanged;
        self.join_all(ident, sampled.then_some((key, moment.at)));
    }

    /// A report is gone. What it said last stays with its instance, and ages.
    pub(super) fn unreport(&mut self, key: &Key, ident: &Arc<str>) {
        if let Some(told) = self.reports.told.get_mut(ident) {
            told.retain(|told| told.key != *key);
            if told.is_empty() {
                self.reports.told.remove(ident);
            }
        }
        self.join_all(ident, None);
    }

    /// Reports may call an instance so from now on.
    pub(super) fn index(&mut self, folder: &Key, key: &Key, idents: &[Arc<str>]) {
        for ident in idents {
            let instances = self.reports.instances.entry(ident.clone()).or_default();
            instances.push((folder.clone(), key.clone()));
            if instances.len() > 1 {
                self.join_all(ident, None);
            }
        }
    }

    /// Reports do not call it so any more.
    pub(super) fn unindex(&mut self, key: &Key, idents: &[Arc<str>]) {
        for ident in idents {
            let Some(instances) = self.reports.instances.get_mut(ident) else { continue };
            instances.retain(|(_, other)| other != key);
            if instances.is_empty() {
                self.reports.instances.remove(ident);
            } else {
                self.join_all(ident, None);
            }
        }
    }

    /// Joins all instances of this name with their reports. `sampled`: the report that has just come.
    fn join_all(&mut self, ident: &Arc<str>, sampled: Option<(&Key, SeenAt)>) {
        let namesakes = self.reports.namesakes(ident);
        // Beyond the most nothing is joined; the one that makes them too many takes all reports away.
        if !self.reports.told.contains_key(ident) && sampled.is_none() && namesakes.len() > MOST_NAMESAKES + 1
        {
            return;
        }
        for (folder, key) in namesakes.iter().take(MOST_NAMESAKES + 1).cloned().collect::<Vec<_>>() {
            let Some(Place::Instance { own, beats, idents, .. }) =
                self.held.get(&key).map(|held| held.place.clone())
            else {
                continue;
            };
            let is_its = |report: &Arc<Report>| {
                sampled.is_some_and(|(sampled, _)| report.key.as_ref() == Some(sampled))
            };
            let samples = self.reports.of(&key, &idents).is_some_and(is_its);
            let at = sampled.map_or(0, |(_, at)| at);
            self.join(&folder, &key, &idents, reported(own.as_ref(), beats), samples, at);
        }
    }

    /// Gives an instance its report: one of its own key, else what its registration says, else the last that
    /// was seen.
    pub(super) fn join(
        &mut self,
        folder: &Key,
        key: &Key,
        idents: &[Arc<str>],
        own: Option<&Arc<Report>>,
        sampled: bool,
        at: SeenAt,
    ) {
        let known = self.picture.services.get(folder).and_then(|service| service.instances.get(key));
        let Some(known) = known else { return };
        let last = known.report.as_ref().filter(|report| {
            let gone = report.key.as_ref().is_some_and(|key| !self.reports.is_live(key, idents));
            gone && report.seen_at.is_some()
        });
        let report = self.reports.of(key, idents).or(own).or(last).cloned();
        let same = match (&report, &known.report) {
            (Some(report), Some(known)) => Arc::ptr_eq(report, known),
            (None, None) => true,
            _ => false,
        };
        if same && !sampled {
            return;
        }
        let mut instance = (**known).clone();
        instance.report = report;
        if sampled {
            self.sample(&mut instance, at);
        }
        if let Some(service) = self.picture.services.get_mut(folder) {
            Arc::make_mut(service).instances.insert(key.clone(), Arc::new(instance));
        }
    }
}
