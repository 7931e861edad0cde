use super::*;
use crate::model::coordination::WaitGraph;
use crate::model::coordination::waits::{Owner, Wait};
use crate::ui::locks::graph::net::Choice;

fn wait(waiter: &str, lock: &str, holder: &str, in_cycle: bool) -> Wait {
    let named = |name: &str| Owner::Named(name.to_owned());
    Wait { waiter: named(waiter), lock: lock.as_bytes().into(), holder: named(holder), place: 1, in_cycle }
}

fn net(waits: Vec<Wait>) -> Net {
    Net::of(&WaitGraph { waits, ..WaitGraph::default() }, &Choice { most: 1_000, ..Choice::default() })
}

/// A graph at random: owners hold locks and wait for some.
fn random(seed: u64, owners: usize, locks: usize) -> Vec<Wait> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut waits = Vec::new();
    for lock in 0..locks {
        let holder = format!("owner-{}", random.usize(..owners));
        for _ in 0..random.usize(..4) {
            waits.push(wait(
                &format!("owner-{}", random.usize(..owners)),
                &format!("l{lock}"),
                &holder,
                false,
            ));
        }
    }
    waits
}

fn assert_apart(layout: &Layout, what: &str) {
    let rects: Vec<Rect> = (0..layout.middles.len()).filter_map(|node| layout.rect(node)).collect();
    for (at, a) in rects.iter().enumerate() {
        for b in &rects[at + 1..] {
            assert!(!a.expand(2.0).intersects(b.expand(2.0)), "{what}: {a:?} and {b:?}");
        }
    }
    for (at, a) in layout.parts.iter().enumerate() {
        for b in &layout.parts[at + 1..] {
            assert!(!a.rect.intersects(b.rect), "{what}: parts {:?} and {:?}", a.rect, b.rect);
        }
    }
}

fn middle(net: &Net, layout: &Layout, node: &Node) -> Option<Pos2> {
    net.nodes.iter().position(|other| other == node).map(|at| layout.middles[at])
}

#[test]
fn nodes_never_overlap_whatever_comes_and_goes() {
    for seed in 0..40 {
        let mut before = Layout::default();
        for step in 0..6 {
            let net = net(random(seed * 100 + step, 12, 16));
            let layout = Layout::of(&net, &before);
            assert_apart(&layout, &format!("seed {seed}, step {step}"));
            before = layout;
        }
    }
}

#[test]
fn the_same_graph_is_always_laid_out_the_same() {
    let net = net(random(7, 20, 30));
    let first = Layout::of(&net, &Layout::default());
    assert_eq!(first, Layout::of(&net, &Layout::default()));
    let again = Layout::of(&net, &first);
    assert_eq!(again.middles, first.middles, "nothing moves when nothing changed");
    assert_eq!(again.bends, first.bends);
}

#[test]
fn waiting_goes_from_left_to_right() {
    let net = net(vec![wait("a", "l", "b", false), wait("b", "m", "c", false), wait("d", "m", "c", false)]);
    let layout = Layout::of(&net, &Layout::default());
    for edge in &net.edges {
        assert!(layout.middles[edge.from].x < layout.middles[edge.to].x, "{edge:?}");
    }
}

#[test]
fn nodes_keep_their_places_when_others_come_and_go() {
    let mut waits = vec![
        wait("a", "l", "b", false),
        wait("b", "m", "c", false),
        wait("x", "n", "y", false),
        wait("z", "o", "v", false),
    ];
    let small = net(waits.clone());
    let first = Layout::of(&small, &Layout::default());
    waits.extend([
        wait("new-1", "l", "b", false),
        wait("c", "p", "new-2", false),
        wait("q", "r", "s", false),
    ]);
    let large = net(waits);
    let second = Layout::of(&large, &first);
    assert_apart(&second, "grown");
    for (at, node) in small.nodes.iter().enumerate() {
        assert_eq!(middle(&large, &second, node), Some(first.middles[at]), "{node:?}");
    }
    let third = Layout::of(&small, &second);
    assert_eq!(third.middles, first.middles, "nor when they go again");
}

#[test]
fn room_that_others_left_is_taken_back() {
    let calm = |number: usize| {
        let name = |what: &str| format!("{what}{number:03}");
        wait(&name("waiter"), &name("lock"), &name("holder"), false)
    };
    let many = net((0..300).map(calm).collect());
    let full = Layout::of(&many, &Layout::default());
    assert_apart(&full, "many");
    // Of all parts the first and the last are left.
    let few = net([0, 299].map(calm).into());
    let layout = Layout::of(&few, &full);
    let bounds = layout.bounds.expect("something is drawn");
    assert!(bounds.width() < 2_000.0 && bounds.height() < 400.0, "{bounds:?}");
}

fn deadlock() -> Vec<Wait> {
    vec![wait("a", "l2", "b", true), wait("b", "l3", "c", true), wait("c", "l1", "a", true)]
}

#[test]
fn a_deadlock_is_a_ring_above_all_others_which_do_not_move() {
    let mut waits = vec![wait("p", "x", "q", false), wait("r", "y", "s", false)];
    let calm = net(waits.clone());
    let before = Layout::of(&calm, &Layout::default());
    waits.extend(deadlock());
    waits.extend([wait("late-1", "l1", "a", false), wait("late-3", "l3", "c", false)]);
    let stuck = net(waits);
    let layout = Layout::of(&stuck, &before);
    assert_apart(&layout, "deadlock");
    let ring = &layout.parts[0].ring;
    assert_eq!(ring.len(), 6, "three owners and three locks");
    for part in &layout.parts[1..] {
        assert!(part.ring.is_empty() && part.rect.top() > layout.parts[0].rect.bottom());
    }
    for (at, node) in calm.nodes.iter().enumerate() {
        assert_eq!(middle(&stuck, &layout, node), Some(before.middles[at]), "{node:?} moved");
    }
    for node in &layout.parts[0].nodes {
        assert!(layout.rect(*node).is_some_and(|rect| layout.parts[0].rect.contains_rect(rect)));
    }
    let frame = layout.parts[0].frame.expect("a frame");
    for node in 0..layout.middles.len() {
        let rect = layout.rect(node).expect("a place");
        let inside = ring.contains(&node);
        assert_eq!(frame.contains_rect(rect), inside, "the frame is around who waits for ever");
        assert_eq!(frame.intersects(rect), inside);
    }
    let over = Layout::of(&calm, &layout);
    assert!(over.parts.iter().all(|part| part.ring.is_empty()));
}

#[test]
fn an_owner_that_waits_for_itself_and_rings_that_share_a_node_are_laid_out() {
    let own = net(vec![wait("a", "l", "a", true)]);
    let layout = Layout::of(&own, &Layout::default());
    assert_eq!(layout.parts[0].ring.len(), 2);
    assert_apart(&layout, "one that waits for itself");
    let mut waits = deadlock();
    waits.extend([wait("b", "k", "d", true), wait("d", "l2", "b", true), wait("e", "k", "d", false)]);
    let layout = Layout::of(&net(waits), &Layout::default());
    assert_apart(&layout, "two rings");
    assert_eq!(layout.parts.len(), 1);
}

#[test]
fn fifty_locks_of_thirty_owners_keep_to_a_page() {
    let mut waits = Vec::new();
    for lock in 0..50_usize {
        // Owners of one group wait for those of the next alone, as programs do that take locks in order.
        let holder = (lock * 7) % 30;
        for step in 0..=lock % 3 {
            let waiter = (lock * 11 + step * 5) % 30;
            if waiter % 4 < holder % 4 {
                let name = |owner: usize| format!("owner-{owner}");
                waits.push(wait(&name(waiter), &format!("l{lock}"), &name(holder), false));
            }
        }
    }
    let net = net(waits);
    let layout = Layout::of(&net, &Layout::default());
    assert_apart(&layout, "fifty");
    let bounds = layout.bounds.expect("something is drawn");
    assert!(bounds.width() < 3_000.0 && bounds.height() < 2_400.0, "{bounds:?}");
}
