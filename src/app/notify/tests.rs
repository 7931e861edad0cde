use super::*;

fn key(text: &str) -> Key {
    Key::from(text.as_bytes())
}

fn down(service: &str, instance: usize) -> Folded {
    let alert = Alert::InstanceDown {
        folder: key(service),
        service: service.to_owned(),
        instance: format!("i{instance}"),
        cause: Some(EndCause::Expired),
    };
    Folded { alert, times: 1 }
}

fn told(kind: AlertKind, things: Vec<Folded>, more: bool) -> String {
    rust_i18n::set_locale("en");
    body(&Digest { kind, things, more })
}

#[test]
fn few_are_told_by_name_and_many_by_their_number() {
    let few = told(AlertKind::InstanceDown, vec![down("pay", 1), down("pay", 2)], false);
    assert_eq!(few, "pay: i1 is gone: its lease expired\npay: i2 is gone: its lease expired");
    let fleet = [("pay", 20), ("cart", 10), ("mail", 5), ("auth", 1), ("log", 1)];
    let all = fleet.iter().flat_map(|(name, count)| (0..*count).map(|nth| down(name, nth)));
    let all: Vec<_> = all.collect();
    let many = told(AlertKind::InstanceDown, all.clone(), false);
    assert_eq!(many, "37 instances of 5 services\npay: 20, cart: 10, mail: 5, auth: 1, and 1 more");
    assert_eq!(told(AlertKind::InstanceDown, all[..20].to_vec(), false), "20 instances of pay");
    assert!(told(AlertKind::InstanceDown, all, true).starts_with("At least: 37 instances"));
    let some = told(AlertKind::InstanceDown, Vec::new(), true);
    assert!(some.starts_with("More than can be counted"), "{some}");
}

#[test]
fn a_leader_is_named_only_by_what_is_made_like_a_name() {
    let line = |to: &str| {
        let alert = Alert::LeaderChanged {
            election: key("/e"),
            from: Some("node-1.eu:8080".to_owned()),
            to: Some(to.to_owned()),
        };
        told(AlertKind::LeaderChanged, vec![Folded { alert, times: 3 }], false)
    };
    assert_eq!(line("node-2"), "/e: node-1.eu:8080 → node-2 (×3)");
    for value in [r#"{"password":"hunter2"}"#, "two words", &"x".repeat(65)] {
        assert_eq!(line(value), "/e: node-1.eu:8080 → a candidate (×3)", "a value is not told");
    }
}

#[test]
fn names_have_little_room_and_a_long_deadlock_is_cut() {
    let locks: Vec<Key> = (0..9).map(|nth| key(&format!("l{nth}"))).collect();
    let deadlock = Folded { alert: Alert::Deadlock { locks }, times: 1 };
    assert_eq!(told(AlertKind::Deadlock, vec![deadlock], false), "l0 → l1 → l2 → l3 → …");
    assert_eq!(short(&"n".repeat(500)).chars().count(), NAME);
}

#[test]
fn a_click_leads_to_what_was_told() {
    use crate::model::coordination::ClaimKind;
    use crate::model::session::Screen;
    let lock = || Place::Queue(ClaimKind::Lock, key("/l"));
    assert_eq!(action(Place::Service(key("s/"))), Action::ShowService(key("s/")));
    assert_eq!(action(lock()), Action::ShowQueue(ClaimKind::Lock, key("/l")));
    assert_eq!(action(Place::Key(key("/k"))), Action::OpenKey(key("/k")));
    assert_eq!(action(Place::Screen(Screen::Services)), Action::ShowScreen(Screen::Services));
}
