//! A folder as it was, on a real cluster: from etcd while it has it, from the journal once it is
//! compacted, byte for byte; and deleted folders in the tree.

use std::collections::BTreeMap;

use etcd_client::{CompactionOptions, DeleteOptions};
use etcdscope::action::{Action, UserCommand};
use etcdscope::app::App;
use etcdscope::model::bytes::Key;
use etcdscope::model::moment::{Certainty, PastSource};
use etcdscope::model::plan::{LostLease, PlanGoal, StepAction};
use etcdscope::model::session::Screen;
use etcdscope::model::tree_item::TreeItem;
use etcdscope::model::world::World;

use super::bench::{Bench, session, wait};

const FOLDER: &[u8] = b"config/production/";

/// What a folder held.
type Held = BTreeMap<Vec<u8>, Vec<u8>>;

fn name(number: usize) -> Vec<u8> {
    // Nested, and not all of it text.
    let mut name = format!("config/production/{}/{number}", number % 5).into_bytes();
    if number.is_multiple_of(7) {
        name.extend_from_slice(b"\xff\x00");
    }
    name
}

impl Bench {
    fn delete_prefix(&self, prefix: &[u8]) {
        let options = DeleteOptions::new().with_prefix();
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        self.runtime.block_on(client.delete(prefix, Some(options))).unwrap();
    }

    fn compact(&self, revision: i64) {
        let mut client = self.runtime.block_on(self.cluster.client()).unwrap();
        let options = CompactionOptions::new().with_physical();
        self.runtime.block_on(client.compact(revision, Some(options))).unwrap();
    }
}

fn wait_for_record(app: &mut App, revision: i64) {
    wait(app, "the journal", |world| session(world).journal.recorded_to >= revision);
}

/// What is shown of the folder at this revision, once it is.
fn held(app: &mut App, revision: i64) -> Held {
    app.act(Action::TravelTo(revision));
    let shown = |world: &World| {
        let look = session(world).travel.as_ref()?.look.clone()?;
        let picture = look.picture.value()?.clone();
        (picture.revision == revision && !look.is_waiting()).then_some(picture)
    };
    wait(app, "the moment", |world| shown(world).is_some());
    let picture = shown(app.world()).unwrap();
    assert_eq!(picture.certainty, Certainty::Exact, "r{revision}");
    assert!(picture.uncertain.is_empty(), "r{revision}: {:?}", picture.uncertain);
    let value = |past: &etcdscope::model::moment::PastKey| past.value.as_ref().unwrap().to_vec();
    picture.keys.iter().map(|(key, past)| (key.to_vec(), value(past))).collect()
}

fn sources(app: &App) -> Vec<PastSource> {
    let travel = session(app.world()).travel.as_ref().unwrap();
    let picture = travel.look.as_ref().unwrap().picture.value().unwrap();
    picture.keys.values().map(|past| past.source).collect()
}

#[test]
fn every_moment_is_shown_as_it_was_also_when_etcd_has_compacted_it() {
    let bench = Bench::start();
    let mut app = bench.app();
    let mut now = Held::new();
    for number in 0..40 {
        bench.put(&name(number), format!("first {number}"));
        now.insert(name(number), format!("first {number}").into_bytes());
    }
    bench.put(b"config/production-not/a", "outside");
    bench.connect(&mut app, bench.profile());
    wait(&mut app, "the keys", |world| session(world).keyspace.len() == 41);
    let mut moments = vec![(bench.revision(), now.clone())];
    for round in 0..6_usize {
        for number in (round..40).step_by(3) {
            let value = [format!("{round} {number} ").as_bytes(), &[0xff, 0, 0x80]].concat();
            bench.put(&name(number), &value);
            now.insert(name(number), value);
        }
        moments.push((bench.revision(), now.clone()));
        let gone = format!("config/production/{}/", round % 5).into_bytes();
        bench.delete_prefix(&gone);
        now.retain(|key, _| !key.starts_with(&gone));
        moments.push((bench.revision(), now.clone()));
    }
    let last = bench.revision();
    wait_for_record(&mut app, last);

    app.act(Action::Travel { prefix: Key::from(FOLDER) });
    wait(&mut app, "the changes", |world| {
        let travel = session(world).travel.as_ref().unwrap();
        travel.timeline.value().is_some_and(|line| line.ticks.len() >= 80)
            && travel.look.as_ref().is_some_and(|look| look.picture.value().is_some())
    });
    // While etcd still has it, it is etcd that is asked.
    for (revision, expected) in &moments {
        assert_eq!(&held(&mut app, *revision), expected, "r{revision}, from etcd");
    }
    assert!(sources(&app).iter().all(|source| *source == PastSource::Etcd));
    app.act(Action::LeaveTravel);
    assert!(session(app.world()).travel.is_none());

    bench.compact(last);
    app.act(Action::Travel { prefix: Key::from(FOLDER) });
    wait(&mut app, "the changes again", |world| {
        let travel = session(world).travel.as_ref().unwrap();
        travel
            .timeline
            .value()
            .is_some_and(|line| line.etcd_from.is_some_and(|from| from >= last) && line.ticks.len() >= 80)
    });
    for (revision, expected) in moments.iter().rev() {
        assert_eq!(&held(&mut app, *revision), expected, "r{revision}, from the journal");
    }
    assert!(sources(&app).contains(&PastSource::Journal), "etcd has it no more");
    app.shutdown();
}

#[test]
fn a_moment_moves_on_and_the_line_grows_while_it_is_looked_at() {
    let bench = Bench::start();
    let mut app = bench.app();
    bench.put(b"config/production/a", "one");
    bench.connect(&mut app, bench.profile());
    bench.put(b"config/production/a", "two");
    let before = bench.revision();
    wait_for_record(&mut app, before);
    app.act(Action::Travel { prefix: Key::from(FOLDER) });
    let ticks = |world: &World| {
        let travel = session(world).travel.as_ref().unwrap();
        travel.timeline.value().map_or(0, |line| line.ticks.len())
    };
    wait(&mut app, "the changes", |world| ticks(world) == 2);
    bench.put(b"config/production/b", "three");
    wait(&mut app, "the next change", |world| ticks(world) == 3);
    // Pushed to and fro: the newest wish counts.
    for revision in [before, before - 1, before + 1, before - 1] {
        app.act(Action::TravelTo(revision));
    }
    let then = held(&mut app, before);
    assert_eq!(then, Held::from([(b"config/production/a".to_vec(), b"two".to_vec())]));
    app.shutdown();
}

#[test]
fn a_deleted_folder_is_shown_struck_through_and_a_plan_brings_it_back() {
    let bench = Bench::start();
    let mut app = bench.app();
    for number in 0..10 {
        bench.put(&name(number), format!("value {number}"));
    }
    bench.connect(&mut app, bench.profile());
    wait(&mut app, "the keys", |world| session(world).keyspace.len() == 10);
    wait_for_record(&mut app, bench.revision());
    bench.delete_prefix(FOLDER);
    let gone_at = bench.revision();
    wait_for_record(&mut app, gone_at);
    app.shutdown();

    // Another run of the console has not seen the deletion itself.
    bench.compact(gone_at);
    let mut app = bench.app();
    bench.connect(&mut app, bench.profile());
    assert!(session(app.world()).activity.deleted().next().is_none());
    app.act(Action::Run(UserCommand::ShowDeleted));
    wait(&mut app, "the deleted keys", |world| session(world).deletions.iter().count() == 10);
    let one = session(app.world()).deleted_key(&name(3)).unwrap();
    assert_eq!((one.revision, one.last.value.as_deref()), (gone_at, Some(&b"value 3"[..])));

    let goal = PlanGoal::Undelete { roots: vec![TreeItem::folder(FOLDER)] };
    app.act(Action::MakePlan { goal, lost_lease: LostLease::default() });
    assert_eq!(session(app.world()).screen, Screen::Restore);
    wait(&mut app, "the plan", |world| !session(world).plans.list.is_empty());
    let plan = session(app.world()).plans.list[0].clone();
    let puts: Held = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            StepAction::Put { value, .. } => Some((step.key.to_vec(), value.to_vec())),
            StepAction::Delete => None,
        })
        .collect();
    let expected: Held =
        (0..10).map(|number| (name(number), format!("value {number}").into_bytes())).collect();
    assert_eq!(puts, expected);
    app.shutdown();
}
