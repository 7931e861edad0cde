//! Instances come and go.

use std::sync::Arc;

use super::ends::Of;
use super::{Engine, Moment, Place, Way, flaps, reports};
use crate::model::bytes::Key;
use crate::model::coordination::{
    EndCause, Instance, InstanceEvent, MOST_EVENTS, NewsKind, Report, Sample, Service, Turn,
};

/// Samples of all instances together; each has at least [`FEWEST_SAMPLES`] and at most [`MOST_SAMPLES`].
const ALL_SAMPLES: usize = 1_500_000;
const FEWEST_SAMPLES: usize = 24;
const MOST_SAMPLES: usize = 720;

/// An instance as it was found.
pub(super) struct Arrival<'a> {
    pub(super) service: &'a Key,
    pub(super) name: String,
    pub(super) instance: Arc<Instance>,
    /// Its key is as it was when it was last looked at.
    pub(super) unchanged: bool,
}

/// So often in succession a time has to move quickly before it is taken for a heartbeat: programs that start
/// write twice, and are not to be said to be down for the rest of their lives.
const BEATS: u8 = 2;

/// What a registration reports: a time alone is a report where it moves as a heartbeat does.
pub(super) fn reported(own: Option<&Arc<Report>>, beats: u8) -> Option<&Arc<Report>> {
    own.filter(|own| beats >= BEATS || !own.is_mere_time())
}

impl Engine {
    /// Registers an instance, or takes over what it says of itself now.
    pub(super) fn register(
        &mut self,
        key: &Key,
        arrival: Arrival<'_>,
        before: Option<&Place>,
        moment: Moment,
    ) -> Place {
        let Arrival { service: folder, name, instance, unchanged } = arrival;
        let name: Arc<str> = name.into();
        let idents = reports::idents(&name, &instance);
        let (own_before, beats_before, idents_before) = match before {
            Some(Place::Instance { own, beats, idents, .. }) => (own.as_ref(), *beats, idents.as_slice()),
            _ => (None, 0, [].as_slice()),
        };
        let renewed_at = || self.picture.services.get(folder)?.instances.get(key)?.renewed_at;
        let beats = match (&instance.report, own_before) {
            _ if unchanged => beats_before,
            (Some(own), Some(before)) if own.told_at != before.told_at => {
                let since = renewed_at().zip(moment.seen()).map(|(before, now)| now - before);
                let quick = since.is_some_and(|since| (0..=self.beat_ms).contains(&since));
                if quick { beats_before.saturating_add(1) } else { 0 }
            }
            // It was written for another reason.
            (Some(_), Some(_)) => beats_before,
            _ => 0,
        };
        let own = instance.report.as_deref().map(|own| {
            let before = own_before.filter(|before| {
                // A time that did not move is no heartbeat.
                unchanged || (own.is_mere_time() && own.told_at == before.told_at)
            });
            let before = before.and_then(|own| own.seen_at);
            Arc::new(Report { seen_at: before.or(moment.seen()), ..own.clone() })
        });
        let mut instance = Arc::unwrap_or_clone(instance);
        let service = self.service(folder, &name, &instance);
        let known = service.instances.get(key).cloned();
        let came =
            known.as_ref().is_none_or(|known| known.meta.create_revision != instance.meta.create_revision);
        let returned = came && known.is_some();
        if returned {
            // Nobody saw it go.
            let idents = idents_before.to_vec();
            self.deregister(key, folder, &idents, moment);
        }
        instance.report = None;
        match known.filter(|_| !came) {
            Some(known) => {
                instance.since = known.since;
                instance.renewed_at =
                    if unchanged { known.renewed_at } else { moment.seen().or(known.renewed_at) };
                instance.series = known.series.clone();
                instance.flaps = known.flaps;
                if idents == idents_before {
                    instance.report.clone_from(&known.report);
                }
            }
            None => {
                instance.since = moment.seen();
                instance.renewed_at = moment.seen();
                let identity = flaps::identity(folder, &instance);
                instance.flaps = self.flaps.came(&identity, folder, key);
                self.instances += 1;
            }
        }
        let (id, lease) = (instance.id.clone(), instance.meta.lease);
        self.put_instance(folder, key, &name, instance);
        if came && moment.way != Way::Found {
            let event = InstanceEvent {
                key: key.clone(),
                id,
                lease,
                turn: Turn::Up,
                cause: None,
                revision: moment.revision,
                at: moment.at,
            };
            self.happened(folder, &name, event, moment);
        }
        if returned || idents != idents_before {
            self.unindex(key, if returned { &[] } else { idents_before });
            self.index(folder, key, &idents);
        }
        let sampled = !unchanged && moment.way == Way::Seen;
        let reported = reported(own.as_ref(), beats);
        self.join(folder, key, &idents, reported, sampled && reported.is_some(), moment.at);
        Place::Instance { service: folder.clone(), name, own, beats, idents }
    }

    /// The service in this folder, which begins with its first instance.
    fn service(&mut self, folder: &Key, name: &str, instance: &Instance) -> &mut Service {
        let services = &mut self.picture.services;
        if services.get(folder).is_none_or(|service| service.instances.is_empty()) {
            self.empty.note(true, folder, false);
        }
        let fresh = || {
            Arc::new(Service {
                folder: folder.clone(),
                name: name.to_owned(),
                layout: instance.layout,
                confidence: instance.confidence,
                instances: imbl::OrdMap::new(),
                past: Arc::default(),
            })
        };
        Arc::make_mut(services.entry(folder.clone()).or_insert_with(fresh))
    }

    fn put_instance(&mut self, folder: &Key, key: &Key, name: &str, instance: Instance) {
        let service = self.service(folder, name, &instance);
        // A service is called what the first of its instances calls it.
        if service.instances.get_min().is_none_or(|(first, _)| key <= first) {
            if service.name != name {
                name.clone_into(&mut service.name);
            }
            (service.layout, service.confidence) = (instance.layout, instance.confidence);
        }
        service.instances.insert(key.clone(), Arc::new(instance));
    }

    /// An instance is gone.
    pub(super) fn deregister(&mut self, key: &Key, folder: &Key, idents: &[Arc<str>], moment: Moment) {
        let Some(service) = self.picture.services.get_mut(folder) else { return };
        let service = Arc::make_mut(service);
        let Some(instance) = service.instances.remove(key) else { return };
        self.instances -= 1;
        if let Some((first, instance)) = service.instances.get_min()
            && first > key
        {
            (service.layout, service.confidence) = (instance.layout, instance.confidence);
            if let Some(Place::Instance { name, .. }) = self.held.get(first).map(|held| &held.place)
                && **name != *service.name
            {
                name.as_ref().clone_into(&mut service.name);
            }
        }
        let name = service.name.clone();
        if moment.way != Way::Found {
            self.flaps.went(flaps::identity(folder, &instance), moment.at);
            let cause = self.end(key, instance.meta.lease, Of::Service(folder.clone()), moment);
            let event = InstanceEvent {
                key: key.clone(),
                id: instance.id.clone(),
                lease: instance.meta.lease,
                turn: Turn::Down,
                cause: Some(cause),
                revision: moment.revision,
                at: moment.at,
            };
            self.happened(folder, &name, event, moment);
        }
        self.unindex(key, idents);
        let Some(service) = self.picture.services.get(folder).filter(|it| it.instances.is_empty()) else {
            return;
        };
        if service.past.is_empty() {
            self.picture.services.remove(folder);
        } else {
            let dropped = self.empty.note(true, folder, true);
            self.drop_empty(dropped);
        }
    }

    /// Keeps an event, and tells of it.
    fn happened(&mut self, folder: &Key, name: &str, event: InstanceEvent, moment: Moment) {
        let kind = NewsKind::Instance {
            service: folder.clone(),
            name: name.to_owned(),
            instance: event.id.clone(),
            turn: event.turn,
            cause: event.cause,
        };
        let told = self.tell(moment, kind);
        if event.cause == Some(EndCause::Asking) {
            self.ends.told(&event.key, event.revision, told);
        }
        let Some(service) = self.picture.services.get_mut(folder) else { return };
        let past = Arc::make_mut(&mut Arc::make_mut(service).past);
        if past.len() >= MOST_EVENTS {
            past.pop_front();
        }
        past.push_back(event);
    }

    /// Adds what was reported to what was reported before.
    pub(super) fn sample(&self, instance: &mut Instance, at: crate::model::status::SeenAt) {
        let Some(report) = &instance.report else { return };
        let told = |metric: Option<f32>| metric.unwrap_or(f32::NAN);
        let sample = Sample {
            at,
            cpu: told(report.cpu),
            memory: told(report.memory),
            latency_ms: told(report.latency_ms),
        };
        if sample.cpu.is_nan() && sample.memory.is_nan() && sample.latency_ms.is_nan() {
            return;
        }
        let most = (ALL_SAMPLES / self.instances.max(1)).clamp(FEWEST_SAMPLES, MOST_SAMPLES);
        let series = Arc::make_mut(&mut instance.series);
        while series.len() >= most {
            series.pop_front();
        }
        series.push_back(sample);
    }
}
