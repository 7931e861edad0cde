//! A question about the end of something keeps up with what is there, and what was confirmed is held against
//! it: nothing goes that nobody has seen.

use std::collections::BTreeSet;

use super::bytes::Key;
use super::coordination::Meaning;
use super::dialog::{Dialog, EndHow, EndQuestion, EndSubject};
use super::session::Session;
use super::status::SeenAt;
use super::world::World;

/// Whoever presses a button so soon after something changed has not seen the change, in milliseconds.
const UNSEEN_MS: i64 = 1_000;

impl Session {
    /// The keys known to be attached to this lease, with what they mean.
    #[must_use]
    pub fn attached_to(&self, lease: i64) -> Vec<(Key, Meaning)> {
        let used = self.coordination.leases.get(&lease).filter(|_| lease != 0);
        let keys = used.iter().flat_map(|used| used.keys.iter());
        keys.map(|(key, meaning)| (key.clone(), (**meaning).clone())).collect()
    }
}

impl EndQuestion {
    /// Takes over what is attached to the lease by now, and whether the claim holds or waits. The revision of
    /// the key stays as it was asked: a key that was changed since is not deleted.
    pub fn follow(&mut self, session: &Session, now: SeenAt) {
        self.follow_lease(session, now);
        if let (EndSubject::Claim { place, .. }, Some((key, _))) = (&mut self.subject, &self.key)
            && let Some((queue, at)) = session.coordination.claim_of(key)
        {
            let at = if at < queue.holding() { 0 } else { at };
            if (at == 0) != (*place == 0) {
                self.moved.turned_at = Some(now);
            }
            *place = at;
        }
    }

    fn follow_lease(&mut self, session: &Session, now: SeenAt) {
        let used = session.coordination.leases.get(&self.lease).filter(|_| self.lease != 0);
        let keys = || used.iter().flat_map(|used| used.keys.iter());
        // In the order of the keys, both.
        if keys().map(|(key, _)| key).eq(self.attached.iter().map(|(key, _)| key)) {
            return;
        }
        let now_on_it = session.attached_to(self.lease);
        let is: BTreeSet<&Key> = now_on_it.iter().map(|(key, _)| key).collect();
        let was: BTreeSet<&Key> = self.attached.iter().map(|(key, _)| key).collect();
        let new: Vec<Key> = is.difference(&was).map(|key| (*key).clone()).collect();
        let lost = was.difference(&is).filter(|key| !self.moved.came.contains(key)).count();
        self.moved.came.retain(|key| is.contains(key));
        self.moved.gone += lost;
        if !new.is_empty() {
            self.moved.grew_at = Some(now);
            self.moved.came.extend(new);
        }
        self.attached = now_on_it;
    }

    /// What has to be asked again, where what was confirmed is not what would happen, or where that changed
    /// so shortly before that it can not have been read. `None`: it may be done.
    #[must_use]
    pub fn ask_again(&self, how: EndHow, session: &Session, now: SeenAt) -> Option<Self> {
        let mut fresh = self.clone();
        fresh.follow(session, now);
        let counts = |at: Option<SeenAt>, shown: Option<SeenAt>| {
            at != shown || (!self.moved.again && at.is_some_and(|at| (0..UNSEEN_MS).contains(&(now - at))))
        };
        let grew = how == EndHow::RevokeLease && counts(fresh.moved.grew_at, self.moved.grew_at);
        let turned = counts(fresh.moved.turned_at, self.moved.turned_at);
        (grew || turned).then(|| {
            fresh.moved.again = true;
            fresh
        })
    }
}

impl World {
    /// The question on screen keeps up with what is there.
    pub fn follow_dialog(&mut self) {
        let now = self.now;
        let Some(Dialog::End(mut question)) = self.dialog.take_if(|it| matches!(it, Dialog::End(_))) else {
            return;
        };
        if let Some(session) = self.active_session() {
            question.follow(session, now);
        }
        self.dialog = Some(Dialog::End(question));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::coordination::{ClaimForm, ClaimKind, LeaseUse};
    use crate::model::dialog::Moved;
    use crate::model::ended::tests::line;

    fn key(text: &str) -> Key {
        Key::from(text.as_bytes())
    }

    fn attach(session: &mut Session, names: &[&str]) {
        let keys = names.iter().map(|name| (key(name), Arc::new(Meaning::Other))).collect();
        session.coordination.leases.insert(7, Arc::new(LeaseUse { id: 7, keys, since: None }));
    }

    fn asked(session: &Session) -> EndQuestion {
        EndQuestion {
            subject: EndSubject::Lease,
            key: None,
            lease: 7,
            attached: session.attached_to(7),
            type_to_confirm: None,
            moved: Moved::default(),
        }
    }

    #[test]
    fn nothing_goes_that_was_not_on_screen() {
        let mut session = Session::default();
        attach(&mut session, &["s1"]);
        let mut question = asked(&session);
        question.follow(&session, 1_000);
        assert_eq!(question, asked(&session), "nothing has changed");
        assert_eq!(question.ask_again(EndHow::RevokeLease, &session, 1_000), None);
        attach(&mut session, &["s1", "s2", "s3"]);
        // Confirmed before it was drawn.
        let again = question.ask_again(EndHow::RevokeLease, &session, 2_000).expect("more would go");
        assert_eq!((again.moved.came.clone(), again.attached.len()), (vec![key("s2"), key("s3")], 3));
        assert_eq!(question.ask_again(EndHow::DeleteKey, &session, 2_000), None, "that takes nothing else");
        assert_eq!(again.ask_again(EndHow::RevokeLease, &session, 2_001), None, "it was asked again");
        // Drawn, but a moment before.
        question.follow(&session, 2_000);
        assert!(question.ask_again(EndHow::RevokeLease, &session, 2_400).is_some());
        assert_eq!(question.ask_again(EndHow::RevokeLease, &session, 3_100), None, "it was to be read");
        attach(&mut session, &["s2", "s3", "s4"]);
        assert!(again.ask_again(EndHow::RevokeLease, &session, 9_000).is_some(), "yet another one");
        question.follow(&session, 9_000);
        assert_eq!((question.moved.came.len(), question.moved.gone), (3, 1));
        attach(&mut session, &["s2"]);
        assert_eq!(question.ask_again(EndHow::RevokeLease, &session, 19_000), None, "less goes");
    }

    #[test]
    fn one_that_waited_and_holds_now_is_asked_about_again() {
        let line =
            |leases: &[i64]| Session { coordination: line(ClaimForm::Queue, leases), ..Session::default() };
        let subject = EndSubject::Claim { queue: key("/l"), kind: ClaimKind::Lock, place: 1 };
        let question = EndQuestion { subject, key: Some((key("/l/2"), 2)), ..asked(&Session::default()) };
        let before = line(&[1, 2]);
        assert_eq!(question.ask_again(EndHow::DeleteKey, &before, 500), None);
        let again = question.ask_again(EndHow::DeleteKey, &line(&[2]), 500).expect("it holds now");
        assert!(matches!(again.subject, EndSubject::Claim { place: 0, .. }));
    }
}
