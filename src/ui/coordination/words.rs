//! Words for what the model names: how something ended, how sure the console is, who lays keys out so.

use std::borrow::Cow;

use egui::Ui;
use rust_i18n::t;

use crate::model::coordination::{ClaimMode, Confidence, EndCause, Layout};
use crate::ui::theme::icons;
use crate::ui::widgets::Tone;
use crate::ui::widgets::chip::tag;

/// How something ended, in a word or two.
#[must_use]
pub fn cause_words(cause: EndCause) -> Cow<'static, str> {
    match cause {
        EndCause::Asking => t!("coordination.cause.asking"),
        EndCause::Expired => t!("coordination.cause.expired"),
        EndCause::Released => t!("coordination.cause.released"),
        EndCause::Revoked => t!("coordination.cause.revoked"),
        EndCause::DeletedHere => t!("coordination.cause.deleted_here"),
        EndCause::RevokedHere => t!("coordination.cause.revoked_here"),
        EndCause::Unknown => t!("coordination.cause.unknown"),
    }
}

/// Its icon, its tone, and what it means in a sentence.
#[must_use]
pub fn cause_look(cause: EndCause) -> (&'static str, Tone, Cow<'static, str>) {
    match cause {
        EndCause::Asking => (icons::SPINNER, Tone::Plain, t!("coordination.cause.asking_hint")),
        EndCause::Expired => (icons::HOURGLASS, Tone::Changed, t!("coordination.cause.expired_hint")),
        EndCause::Released => (icons::CHECK, Tone::Plain, t!("coordination.cause.released_hint")),
        EndCause::Revoked => (icons::PROHIBIT, Tone::Changed, t!("coordination.cause.revoked_hint")),
        EndCause::DeletedHere => (icons::TRASH, Tone::Accent, t!("coordination.cause.deleted_here_hint")),
        EndCause::RevokedHere => (icons::PROHIBIT, Tone::Accent, t!("coordination.cause.revoked_here_hint")),
        EndCause::Unknown => (icons::QUESTION, Tone::Plain, t!("coordination.cause.unknown_hint")),
    }
}

/// How sure the console is of what it recognised, in a word.
#[must_use]
pub fn confidence_words(confidence: Confidence) -> Cow<'static, str> {
    match confidence {
        Confidence::Certain => t!("coordination.certain"),
        Confidence::Ruled => t!("coordination.ruled"),
        Confidence::Likely => t!("coordination.likely"),
    }
}

/// Why it is so sure.
#[must_use]
pub fn confidence_hint(confidence: Confidence) -> Cow<'static, str> {
    match confidence {
        Confidence::Certain => t!("coordination.certain_hint"),
        Confidence::Ruled => t!("coordination.ruled_hint"),
        Confidence::Likely => t!("coordination.likely_hint"),
    }
}

/// How sure the console is, as a word with the reason as its tooltip.
pub fn confidence_tag(ui: &mut Ui, confidence: Confidence) {
    let tone = if confidence == Confidence::Likely { Tone::Changed } else { Tone::Plain };
    tag(ui, &confidence_words(confidence), tone).on_hover_text(confidence_hint(confidence));
}

/// Who lays keys out so: a system's own name; `None`: the shape was enough.
#[must_use]
pub fn layout_words(layout: Layout) -> Option<Cow<'static, str>> {
    let name = match layout {
        Layout::Plain => return None,
        Layout::Etcd => return Some(t!("coordination.layout.etcd")),
        Layout::Recipe => return Some(t!("coordination.layout.recipe")),
        Layout::PythonEtcd3 => "Python etcd3",
        Layout::Vitess => "Vitess",
        Layout::Kubernetes => "Kubernetes Lease",
        Layout::Patroni => "Patroni",
        Layout::TikvPd => "TiKV PD",
        Layout::Grpc => return Some(t!("coordination.layout.grpc")),
        Layout::GoMicro => "go-micro",
        Layout::GoZero => "go-zero",
        Layout::Kratos => "Kratos",
        Layout::Dubbo => "dubbo",
        Layout::Apisix => "APISIX",
        Layout::CoreDns => "CoreDNS",
        Layout::Traefik => "Traefik",
    };
    Some(Cow::Borrowed(name))
}

/// What a claim asks for; `None` where there is but one way.
#[must_use]
pub fn mode_words(mode: ClaimMode) -> Option<Cow<'static, str>> {
    match mode {
        ClaimMode::Whole => None,
        ClaimMode::Read => Some(t!("coordination.mode.read")),
        ClaimMode::Write => Some(t!("coordination.mode.write")),
    }
}
