use super::*;
use crate::model::coordination::ClaimKind;
use crate::model::session::Screen;

fn down(service: &str, instance: usize) -> Alert {
    Alert::InstanceDown {
        folder: Key::from(service.as_bytes()),
        service: service.to_owned(),
        instance: instance.to_string(),
        cause: None,
    }
}

fn led(from: &str, to: &str) -> Alert {
    let election = Key::from(&b"/e"[..]);
    Alert::LeaderChanged { election, from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

#[test]
fn what_comes_together_is_told_in_one_piece() {
    let mut folder = Folder::default();
    for nth in 0..37 {
        folder.add(down("pay", nth % 20), 1_000 + nth as SeenAt);
    }
    assert_eq!(folder.due(1_100), [], "more may come");
    assert_eq!(folder.wait(1_100), Some(GATHER_MS - 100));
    let told = folder.due(1_000 + GATHER_MS);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].things.len(), told[0].more), (20, false));
    assert_eq!(told[0].place(), Place::Screen(Screen::Services));
    assert_eq!((folder.due(9_000), folder.wait(9_000)), (Vec::new(), None), "once");
}

#[test]
fn one_leader_after_the_other_is_one_change_from_the_first_to_the_last() {
    let mut folder = Folder::default();
    folder.add(led("a", "b"), 0);
    folder.add(led("b", "c"), 100);
    let told = folder.due(GATHER_MS);
    assert_eq!(told[0].things, [Folded { alert: led("a", "c"), times: 2 }]);
    assert_eq!(told[0].place(), Place::Queue(ClaimKind::Election, Key::from(&b"/e"[..])));
}

#[test]
fn what_does_not_cease_is_told_ever_less_often_and_each_kind_by_itself() {
    let mut folder = Folder::default();
    let mut told = Vec::new();
    for secs in 0..600 {
        let now = secs * 1_000;
        folder.add(down("pay", usize::try_from(secs % 7).unwrap()), now);
        told.extend(folder.due(now).iter().map(|_| secs));
    }
    assert!(told.len() <= 15, "ten minutes of one a second: {told:?}");
    assert!(told.windows(2).all(|pair| pair[1] - pair[0] >= 5), "{told:?}");
    let now = 600_000;
    folder.add(led("a", "b"), now);
    let kinds: Vec<_> = folder.due(now + GATHER_MS).iter().map(|digest| digest.kind).collect();
    assert!(kinds.contains(&AlertKind::LeaderChanged), "another kind does not wait for it: {kinds:?}");
    // After a calm time it is told at once again.
    let later = now + 2 * LONGEST_PAUSE_MS;
    folder.due(later);
    let calm = later + 2 * LONGEST_PAUSE_MS;
    folder.add(down("pay", 1), calm);
    assert_eq!(folder.due(calm + GATHER_MS).len(), 1);
}

#[test]
fn no_more_is_kept_than_there_is_room_for_and_that_is_said() {
    let mut folder = Folder::default();
    for nth in 0..=MOST_THINGS {
        folder.add(down("pay", nth), 0);
    }
    let told = folder.due(GATHER_MS);
    assert_eq!((told[0].things.len(), told[0].more), (MOST_THINGS, true));
    folder.note_uncounted(AlertKind::KeyChanged, 0, 0);
    assert_eq!(folder.wait(0), None);
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut folder = Folder::default();
    folder.add(down("pay", 1), 1_000_000);
    assert_eq!(folder.due(500_000).len(), 1);
}
