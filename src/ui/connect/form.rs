//! What the operator typed about a connection, and what is wrong with it.

use std::path::PathBuf;

use super::coordination_form::CoordinationForm;
use super::endpoint;
use super::journal_form::JournalForm;
use crate::model::layers::LayerSettings;
use crate::model::message::ConnectRequest;
use crate::model::profile::{Profile, ProfileColour, Secret, TlsSettings};
use crate::model::schema::SchemaSettings;

/// The fields as they are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Name.
    pub name: String,
    /// Endpoints, at least one field.
    pub endpoints: Vec<String>,
    /// User, may be empty.
    pub user: String,
    /// Password, may be empty.
    pub password: Secret,
    /// TLS for endpoints without a scheme.
    pub tls: bool,
    /// Path of the CA file, may be empty.
    pub ca_file: String,
    /// Path of the client certificate, may be empty.
    pub cert_file: String,
    /// Path of its key, may be empty.
    pub key_file: String,
    /// Server name, may be empty.
    pub server_name: String,
    /// Refuse writes.
    pub read_only: bool,
    /// Colour.
    pub colour: ProfileColour,
    /// Separator: one character.
    pub separator: String,
    /// The name of the profile that is being changed; `None`: a new one.
    pub editing: Option<String>,
    favourites: Vec<String>,
    /// What is recorded on this machine.
    pub journal: JournalForm,
    /// What the values of keys must be.
    pub schemas: SchemaSettings,
    layers: LayerSettings,
    /// What services, locks and elections are, and when they are marked.
    pub coordination: CoordinationForm,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            endpoints: vec![String::new()],
            separator: String::from("/"),
            name: String::new(),
            user: String::new(),
            password: Secret::default(),
            tls: false,
            ca_file: String::new(),
            cert_file: String::new(),
            key_file: String::new(),
            server_name: String::new(),
            read_only: false,
            colour: ProfileColour::None,
            editing: None,
            favourites: Vec::new(),
            journal: JournalForm::default(),
            schemas: SchemaSettings::default(),
            layers: LayerSettings::default(),
            coordination: CoordinationForm::default(),
        }
    }
}

/// What is wrong, as names of words in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// About the name; only saving needs one.
    pub name: Option<&'static str>,
    /// About each endpoint.
    pub endpoints: Vec<Option<&'static str>>,
    /// About the password.
    pub password: Option<&'static str>,
    /// About certificate and key.
    pub identity: Option<&'static str>,
    /// About the separator.
    pub separator: Option<&'static str>,
    /// About what is recorded.
    pub journal: Option<&'static str>,
    /// About services, locks and elections.
    pub coordination: Option<&'static str>,
}

impl Problems {
    /// Whether a connection can be opened or tested.
    #[must_use]
    pub fn allow_connecting(&self) -> bool {
        self.endpoints.iter().all(Option::is_none)
            && self.password.is_none()
            && self.identity.is_none()
            && self.separator.is_none()
            && self.journal.is_none()
            && self.coordination.is_none()
    }

    /// Whether the profile can be saved.
    #[must_use]
    pub fn allow_saving(&self) -> bool {
        self.name.is_none() && self.allow_connecting()
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

impl Form {
    /// A profile, to be changed. Its password is not shown; an empty field leaves it as it is.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let path =
            |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let mut endpoints = profile.endpoints.clone();
        if endpoints.is_empty() {
            endpoints.push(String::new());
        }
        Self {
            name: profile.name.clone(),
            endpoints,
            user: profile.user.clone().unwrap_or_default(),
            password: Secret::default(),
            tls: profile.tls.enabled,
            ca_file: path(&profile.tls.ca_file),
            cert_file: path(&profile.tls.cert_file),
            key_file: path(&profile.tls.key_file),
            server_name: profile.tls.server_name.clone().unwrap_or_default(),
            read_only: profile.read_only,
            colour: profile.colour,
            separator: profile.separator.to_string(),
            editing: Some(profile.name.clone()),
            favourites: profile.favourites.clone(),
            journal: JournalForm::of(&profile.journal),
            schemas: profile.schemas.clone(),
            layers: profile.layers.clone(),
            coordination: CoordinationForm::of(&profile.coordination),
        }
    }

    /// A list of endpoints in one field, as `ETCDCTL_ENDPOINTS` has it, becomes a field for each of them;
    /// returns the last of these fields.
    pub fn spread_endpoints(&mut self) -> Option<usize> {
        let at = self.endpoints.iter().position(|endpoint| endpoint.contains([',', ';', '\n']))?;
        let written = self.endpoints.get(at)?;
        let mut listed: Vec<String> = written.split([',', ';', '\n']).filter_map(filled).collect();
        // Behind a comma at the end the next one is about to be typed.
        if listed.is_empty() || written.trim_end().ends_with(',') {
            listed.push(String::new());
        }
        let last = at + listed.len() - 1;
        self.endpoints.splice(at..=at, listed);
        Some(last)
    }

    /// Whether TLS is spoken to any endpoint.
    #[must_use]
    pub fn uses_tls(&self) -> bool {
        self.tls || self.endpoints.iter().any(|endpoint| endpoint::asks_for_tls(endpoint))
    }

    /// The profile that is typed. Without a name it is called by its first endpoint.
    #[must_use]
    pub fn profile(&self) -> Profile {
        let endpoints: Vec<String> = self.endpoints.iter().filter_map(|endpoint| filled(endpoint)).collect();
        let name = filled(&self.name).or_else(|| endpoints.first().cloned()).unwrap_or_default();
        let tls = if self.uses_tls() {
            TlsSettings {
                enabled: self.tls,
                ca_file: filled(&self.ca_file).map(PathBuf::from),
                cert_file: filled(&self.cert_file).map(PathBuf::from),
                key_file: filled(&self.key_file).map(PathBuf::from),
                server_name: filled(&self.server_name),
            }
        } else {
            TlsSettings::default()
        };
        Profile {
            name,
            endpoints,
            user: filled(&self.user),
            tls,
            read_only: self.read_only,
            colour: self.colour,
            separator: self.separator.chars().next().unwrap_or('/'),
            favourites: self.favourites.clone(),
            journal: self.journal.settings(),
            schemas: self.schemas.clone(),
            layers: self.layers.clone(),
            coordination: self.coordination.settings(),
        }
    }

    /// The connection to open or test. Without a typed password the keyring is asked.
    #[must_use]
    pub fn request(&self) -> ConnectRequest {
        let password = (!self.password.0.is_empty()).then(|| self.password.clone());
        ConnectRequest { profile: self.profile(), password }
    }

    /// The password to keep: `None` leaves the kept one, an empty one removes it.
    #[must_use]
    pub fn kept_password(&self) -> Option<Secret> {
        if filled(&self.user).is_none() {
            return self.editing.is_some().then(Secret::default);
        }
        (!self.password.0.is_empty()).then(|| self.password.clone())
    }

    /// What is wrong with the fields; `profiles` are those that exist.
    #[must_use]
    pub fn problems(&self, profiles: &[Profile]) -> Problems {
        let name = self.name.trim();
        let taken = |profile: &Profile| {
            profile.name == name && self.editing.as_deref() != Some(profile.name.as_str())
        };
        let only_blank = self.endpoints.iter().all(|endpoint| endpoint.trim().is_empty());
        let endpoints = self
            .endpoints
            .iter()
            .enumerate()
            .map(|(at, endpoint)| match (endpoint.trim().is_empty(), only_blank && at == 0) {
                (true, true) => Some("connect.endpoint_missing"),
                (true, false) => None,
                (false, _) => endpoint::problem(endpoint),
            })
            .collect();
        Problems {
            name: match name {
                "" => Some("connect.name_missing"),
                _ if profiles.iter().any(taken) => Some("connect.name_taken"),
                _ => None,
            },
            endpoints,
            password: (!self.password.0.is_empty() && filled(&self.user).is_none())
                .then_some("connect.user_missing"),
            identity: match (self.uses_tls(), filled(&self.cert_file), filled(&self.key_file)) {
                (true, Some(_), None) => Some("connect.key_file_missing"),
                (true, None, Some(_)) => Some("connect.cert_file_missing"),
                _ => None,
            },
            separator: {
                let mut signs = self.separator.chars();
                let one = signs.next().is_some_and(|sign| sign.is_ascii_graphic()) && signs.next().is_none();
                (!one).then_some("connect.separator_invalid")
            },
            journal: self.journal.problem(),
            coordination: self.coordination.problem(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::coordination::CoordinationSettings;
    use crate::model::journal::JournalSettings;

    fn form() -> Form {
        Form {
            name: String::from(" prod "),
            endpoints: vec![String::from(" etcd-1:2379 "), String::new(), String::from("etcd-2:2379")],
            user: String::from("root"),
            password: Secret(String::from("secret")),
            ..Form::default()
        }
    }

    #[test]
    fn a_pasted_list_becomes_a_field_for_each_endpoint() {
        let mut form = Form {
            endpoints: vec![
                String::from("a:1"),
                String::from("b:2, https://c:3,\n d:4,"),
                String::from("e:5"),
            ],
            ..Form::default()
        };
        assert_eq!(form.spread_endpoints(), Some(4));
        assert_eq!(form.endpoints, ["a:1", "b:2", "https://c:3", "d:4", "", "e:5"]);
        assert_eq!(form.spread_endpoints(), None, "nothing is left to spread");
        form.endpoints = vec![String::from(" , ")];
        assert_eq!((form.spread_endpoints(), form.endpoints.len()), (Some(0), 1));
    }

    #[test]
    fn the_profile_is_what_was_typed_without_the_blanks() {
        let request = form().request();
        assert_eq!(request.profile.name, "prod");
        assert_eq!(request.profile.endpoints, ["etcd-1:2379", "etcd-2:2379"]);
        assert_eq!(request.password, Some(Secret(String::from("secret"))));
        assert_eq!(request.profile.tls, TlsSettings::default());
        let nameless = Form { name: String::new(), ..form() };
        assert_eq!(nameless.profile().name, "etcd-1:2379");
    }

    #[test]
    fn a_profile_comes_back_from_the_form_as_it_was() {
        let profile = Profile {
            name: String::from("prod"),
            endpoints: vec![String::from("https://a:1")],
            user: Some(String::from("root")),
            tls: TlsSettings {
                enabled: true,
                ca_file: Some(PathBuf::from("/ca.pem")),
                server_name: Some(String::from("etcd")),
                ..TlsSettings::default()
            },
            read_only: true,
            colour: ProfileColour::Red,
            separator: ':',
            favourites: vec![String::from("L2E=")],
            journal: JournalSettings { most_days: 7, ..JournalSettings::default() },
            schemas: SchemaSettings { recognise: false, ..SchemaSettings::default() },
            layers: LayerSettings { base: String::from("/config/"), ..LayerSettings::default() },
            coordination: CoordinationSettings { late_secs: 5, ..CoordinationSettings::default() },
        };
        assert_eq!(Form::of(&profile).profile(), profile);
    }

    #[test]
    fn names_are_needed_to_save_and_must_be_free() {
        let known = [Profile { name: String::from("prod"), ..Profile::default() }];
        assert_eq!(form().problems(&known).name, Some("connect.name_taken"));
        assert!(form().problems(&known).allow_connecting(), "a name is not needed to connect");
        let editing = Form { editing: Some(String::from("prod")), ..form() };
        assert_eq!(editing.problems(&known).name, None, "its own name");
        let nameless = Form { name: String::from(" "), ..form() };
        assert!(!nameless.problems(&[]).allow_saving() && nameless.problems(&[]).allow_connecting());
    }

    #[test]
    fn what_cannot_work_is_told_before_it_is_tried() {
        let problems = Form::default().problems(&[]);
        assert_eq!(problems.endpoints, [Some("connect.endpoint_missing")]);
        let half = Form { tls: true, cert_file: String::from("/c.pem"), ..form() };
        assert_eq!(half.problems(&[]).identity, Some("connect.key_file_missing"));
        let plain = Form { tls: false, ..half };
        assert_eq!(plain.problems(&[]).identity, None, "without TLS the files are not used");
        let nobody = Form { user: String::new(), ..form() };
        assert_eq!(nobody.problems(&[]).password, Some("connect.user_missing"));
        for bad in ["", "//", "é", " "] {
            let form = Form { separator: bad.to_owned(), ..form() };
            assert!(form.problems(&[]).separator.is_some(), "{bad:?}");
        }
    }

    #[test]
    fn a_kept_password_is_left_alone_unless_typed_or_the_user_is_gone() {
        let untouched = Form { password: Secret::default(), editing: Some(String::from("prod")), ..form() };
        assert_eq!(untouched.kept_password(), None);
        let removed = Form { user: String::new(), ..untouched };
        assert_eq!(removed.kept_password(), Some(Secret::default()));
        assert_eq!(form().kept_password(), Some(Secret(String::from("secret"))));
    }
}
