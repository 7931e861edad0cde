//! What the window says about alarms and refusals: what it is, and what helps.

use etcdscope::model::fault::{Fault, FaultKind};
use etcdscope::model::session::Screen;
use etcdscope::model::status::MirrorState;
use etcdscope::ui::cluster;

use crate::support::{Setting, live_world};

/// The banner on every screen, and the explanation on the cluster's.
#[test]
fn alarms_are_told_on_every_screen_and_their_recovery_is_explained() {
    for (alarm, told, explained) in [
        ("NOSPACE", "the cluster refuses writes", "Compact, defragment each member, then disarm the alarm"),
        ("CORRUPT", "reports corrupt data", "Do not write. Find the member that differs, remove it"),
    ] {
        for screen in [Screen::Keys, Screen::Locks, Screen::Elections, Screen::Cluster] {
            let mut world = live_world();
            let session = &mut world.sessions[0];
            session.screen = screen;
            session.cluster.alarms = vec![(alarm.to_owned(), session.cluster.members[0].id)];
            let scene = Setting::default().play(world);
            assert!(scene.sees(told), "{alarm} on {screen:?}");
            assert!(scene.sees("etcd-1") && scene.sees(alarm), "{alarm} on {screen:?}");
        }
        let mut world = live_world();
        let session = &mut world.sessions[0];
        session.cluster.alarms = vec![(alarm.to_owned(), session.cluster.members[0].id)];
        let scene = Setting::default().play_with(world, |ui, stage, actions| {
            cluster::show(ui, &stage.world, &mut stage.state.cluster, actions);
        });
        assert!(scene.sees(explained), "{alarm}");
    }
}

/// Each names the cause and what to check.
#[test]
fn faults_of_a_connection_name_the_cause_and_what_to_check() {
    for (kind, cause, check) in [
        (FaultKind::CertificateUnknownAuthority, "an authority that is not trusted", "Choose the CA file"),
        (FaultKind::CertificateExpired, "has expired or is not valid yet", "compare the clocks"),
        (
            FaultKind::TlsMismatch,
            "One side speaks TLS, the other does not",
            "Switch TLS on for an https port",
        ),
        (FaultKind::WrongPassword, "The user name or the password is wrong", "Enter them again"),
        (FaultKind::PortClosed, "Nothing listens on this port", "whether the member runs"),
        (FaultKind::HostUnknown, "The host name does not resolve", "Check the spelling of the host"),
        (FaultKind::ClientCertificateRefused, "wants a client certificate", "Choose a client certificate"),
        (FaultKind::TimedOut, "No answer within the time allowed", "a firewall drops the packets"),
    ] {
        let mut world = live_world();
        world.sessions[0].state = MirrorState::Failed(Fault::new(kind, "as the system says"));
        let scene = Setting::default().play(world);
        assert!(scene.sees(cause) && scene.sees(check), "{kind:?}");
    }
}
