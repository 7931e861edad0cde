//! A folder with a past, and what is looked for on its screen.

use super::*;

/// Plays the screen; moving in time is carried out as the dispatcher does, with pictures at once.
pub(super) fn play(setting: Setting, world: World) -> Scene {
    setting.play_with(world, |ui, stage, actions| {
        keys::show(ui, &stage.world, &mut stage.state, actions);
        let Some(session) = stage.world.active_session_mut() else { return };
        for action in actions.as_slice() {
            let Some(travel) = &mut session.travel else { return };
            match action {
                Action::TravelTo(revision) => travel.go_to(*revision),
                Action::TravelCompare(revision) => travel.compare_with(*revision),
                Action::TravelOpen(key) => travel.open(key.clone()),
                Action::LeaveTravel => session.travel = None,
                _ => continue,
            }
            settle(session, &picture);
        }
    })
}

/// Answers what is asked.
pub(super) fn settle(session: &mut Session, answer: &dyn Fn(i64) -> Picture) {
    let Some(travel) = &mut session.travel else { return };
    let moments = [(Handle::Moment, travel.look.clone()), (Handle::Against, travel.against.clone())];
    for (handle, look) in moments {
        let Some(look) = look.filter(etcdscope::model::travel::Look::is_waiting) else { continue };
        let request = RequestId(look.revision.unsigned_abs());
        travel.moment_asked(handle, request, NOW);
        travel.take_picture(request, &Ok(Arc::new(answer(look.revision))));
    }
}

pub(super) fn past(revision: i64, text: &str, source: PastSource) -> PastKey {
    let meta = KeyMeta { create_revision: revision - 40, mod_revision: revision, version: 3, lease: 0 };
    PastKey { meta, value: Some(value(text)), source }
}

/// What the folder was: two keys have changed since, one was deleted, one created.
pub(super) fn picture(revision: i64) -> Picture {
    let mut keys = std::collections::BTreeMap::new();
    let live = |revision| past(revision, r#"{"limit": 250}"#, PastSource::Live);
    let mut put = |name: &str, past: PastKey| drop(keys.insert(key(name), past));
    put("/config/common/feature-flags.json", live(182_300));
    put("/config/production/api-gateway/routes.json", past(182_120, "{\"limit\": 100}", PastSource::Journal));
    put("/config/production/api-gateway/ratelimit.yaml", live(182_303));
    put("/config/production/order-service/db.json", live(182_111));
    put("/config/production/order-service/old.json", past(182_100, "{\"pool\": 5}", PastSource::Etcd));
    put("/config/staging/api-gateway/routes.json", live(182_305));
    Picture { prefix: FOLDER.into(), revision, keys, ..Picture::default() }
}

pub(super) fn tick(at: i64, seen_at: Option<i64>) -> Tick {
    let [created, changed, deleted] = [at % 5 == 0, at % 3 != 0, at % 11 == 0].map(u32::from);
    Tick { revision: 182_100 + at * 2, seen_at, created, changed: changed.max(1 - created), deleted }
}

pub(super) fn timeline() -> Timeline {
    let span = |after: i64, to: i64| Span {
        after: 182_100 + after * 2,
        to: 182_100 + to * 2,
        from_time: NOW - (110 - after) * MINUTE,
        to_time: NOW - (110 - to) * MINUTE,
        has_base: true,
    };
    let ticks = (0..100)
        .filter(|at| !(30..55).contains(at) && (at * 7) % 4 != 1)
        .map(|at| tick(at, (at > 8).then_some(NOW - (110 - at) * MINUTE)))
        .collect();
    Timeline {
        prefix: FOLDER.into(),
        ticks,
        spans: vec![span(8, 30), span(55, 100)],
        etcd_from: Some(182_240),
        cut: false,
    }
}

pub(super) fn world_at(revision: i64, timeline: Timeline, answer: &dyn Fn(i64) -> Picture) -> World {
    let mut world = live_world();
    let session = &mut world.sessions[0];
    // Created after every moment that is looked at.
    let meta = KeyMeta { create_revision: 182_301, mod_revision: 182_301, version: 1, lease: 0 };
    session.keyspace.put(b"/config/common/limits.yaml", meta, Some(value("a: 1")));
    let mut travel = Travel::new(FOLDER);
    travel.timeline_asked(RequestId(1), NOW);
    travel.take_timeline(RequestId(1), Ok(Arc::new(timeline)), 182_334);
    travel.go_to(revision);
    session.travel = Some(travel);
    settle(session, answer);
    world
}

pub(super) fn world() -> World {
    world_at(182_250, timeline(), &picture)
}

pub(super) fn row<'a>(scene: &'a Scene, name: &'a str) -> egui_kittest::Node<'a> {
    scene.harness.get_by_role_and_label(Role::TreeItem, name)
}

pub(super) fn strip(scene: &Scene) -> egui_kittest::Node<'_> {
    scene.harness.get_by_role_and_label(Role::Slider, "Moment")
}

pub(super) fn page(scene: &mut Scene, name: &str) {
    scene.harness.get_by_role_and_label(Role::Tab, name).click();
    scene.settle();
}

pub(super) fn last(scene: &mut Scene) -> Option<Action> {
    scene.actions().pop()
}
