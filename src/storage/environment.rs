//! A profile from the variables that etcdctl reads, so that a terminal set up for a cluster opens
//! the same cluster here.

use std::path::PathBuf;

use crate::model::endpoint::behind_user;
use crate::model::fault::{Fault, FaultKind};
use crate::model::profile::{Profile, Secret, TlsSettings};

/// The name of the profile.
pub const NAME: &str = "ETCDCTL";
/// Where etcdctl connects to when no endpoint is named.
const DEFAULT_ENDPOINT: &str = "127.0.0.1:2379";

/// What the environment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentProfile {
    /// The profile, not kept anywhere.
    pub profile: Profile,
    /// The password, if one is given.
    pub password: Option<Secret>,
    /// What was asked for and is not done, with the reason.
    pub refused: Vec<Fault>,
}

/// Reads the process's environment; see [`from_variables`].
#[must_use]
pub fn from_environment() -> Option<EnvironmentProfile> {
    from_variables(|name| std::env::var(name).ok())
}

/// The profile of `ETCDCTL_ENDPOINTS`, `ETCDCTL_CACERT`, `ETCDCTL_CERT`, `ETCDCTL_KEY`,
/// `ETCDCTL_USER` (`name` or `name:password`), `ETCDCTL_PASSWORD` and
/// `ETCDCTL_INSECURE_TRANSPORT`, as etcdctl understands them. `None`: none of them is set.
///
/// A variable that would switch off a check of the server is refused: the connection is made with
/// the check, and `refused` says so.
#[must_use]
pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Option<EnvironmentProfile> {
    let variable = |name: &str| {
        let value = lookup(&format!("ETCDCTL_{name}"))?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    let file = |name| variable(name).map(PathBuf::from);
    let endpoints = variable("ENDPOINTS");
    // A password may begin or end with spaces.
    let password = lookup("ETCDCTL_PASSWORD").filter(|password| !password.is_empty());
    let user = variable("USER");
    let mut tls = TlsSettings {
        enabled: false,
        ca_file: file("CACERT"),
        cert_file: file("CERT"),
        key_file: file("KEY"),
        server_name: None,
    };
    let insecure_transport = variable("INSECURE_TRANSPORT").map(|value| is_true(&value));
    let with_files = tls.ca_file.is_some() || tls.cert_file.is_some() || tls.key_file.is_some();
    tls.enabled = with_files || insecure_transport == Some(false);

    if endpoints.is_none() && user.is_none() && password.is_none() && !tls.enabled {
        return None;
    }
    let (user, password) = match (user, password) {
        // As in etcdctl: with a password of its own the user's name may contain a colon.
        (Some(user), None) => match user.split_once(':') {
            Some((name, password)) => {
                (name.to_owned(), Some(password.to_owned()).filter(|word| !word.is_empty()))
            }
            None => (user, None),
        },
        (user, password) => (user.unwrap_or_default(), password),
    };
    let (with_user, endpoints): (Vec<_>, Vec<_>) =
        endpoint_list(endpoints.as_deref().unwrap_or(DEFAULT_ENDPOINT))
            .into_iter()
            .partition(|endpoint| behind_user(endpoint).is_some());
    let profile = Profile {
        name: NAME.to_owned(),
        endpoints,
        user: Some(user).filter(|user| !user.is_empty()),
        tls,
        ..Profile::default()
    };
    let mut refused = refusals(&variable);
    refused.extend(with_user.iter().filter_map(|endpoint| behind_user(endpoint)).map(|host| {
        let detail =
            format!("the endpoint at {host} is ignored: it contains a user; name it in ETCDCTL_USER");
        Fault::new(FaultKind::Invalid, detail)
    }));
    Some(EnvironmentProfile { profile, password: password.map(Secret), refused })
}

fn endpoint_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|endpoint| !endpoint.is_empty()).map(str::to_owned).collect()
}

/// As Go's `strconv.ParseBool`.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn refusals(variable: &impl Fn(&str) -> Option<String>) -> Vec<Fault> {
    let mut refused = Vec::new();
    if variable("INSECURE_SKIP_TLS_VERIFY").is_some_and(|value| is_true(&value)) {
        let detail = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY is ignored: the server's certificate is always checked; \
                      name its authority in ETCDCTL_CACERT";
        refused.push(Fault::new(FaultKind::Invalid, detail));
    }
    if variable("DISCOVERY_SRV").is_some() {
        let detail = "ETCDCTL_DISCOVERY_SRV is ignored: name the members in ETCDCTL_ENDPOINTS";
        refused.push(Fault::new(FaultKind::Invalid, detail));
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Option<EnvironmentProfile> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        from_variables(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_set_is_no_profile() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("ETCDCTL_ENDPOINTS", " "), ("ETCDCTL_API", "3"), ("ENDPOINTS", "a:1")]), None);
    }

    #[test]
    fn endpoints_and_certificates_are_taken_over() {
        let found = read(&[
            ("ETCDCTL_ENDPOINTS", "https://a:2379, b:2379,,"),
            ("ETCDCTL_CACERT", "/pki/ca.pem"),
            ("ETCDCTL_CERT", "/pki/me.pem"),
            ("ETCDCTL_KEY", "/pki/me.key"),
        ])
        .expect("a profile");
        assert_eq!(found.profile.endpoints, ["https://a:2379", "b:2379"]);
        assert!(found.profile.tls.enabled);
        assert_eq!(found.profile.tls.key_file, Some(PathBuf::from("/pki/me.key")));
        assert_eq!((found.password, found.profile.user, found.refused.len()), (None, None, 0));
    }

    #[test]
    fn the_user_may_bring_the_password() {
        let user = |variables: &[(&str, &str)]| {
            let found = read(variables).expect("a profile");
            (found.profile.user, found.password.map(|password| password.0))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(user(&[("ETCDCTL_USER", "root:a:b")]), (some("root"), some("a:b")));
        assert_eq!(user(&[("ETCDCTL_USER", "root")]), (some("root"), None));
        assert_eq!(user(&[("ETCDCTL_USER", "a:b"), ("ETCDCTL_PASSWORD", " c ")]), (some("a:b"), some(" c ")));
        assert_eq!(
            read(&[("ETCDCTL_USER", "root")]).map(|found| found.profile.endpoints),
            Some(vec!["127.0.0.1:2379".to_owned()])
        );
    }

    #[test]
    fn switching_checks_off_is_refused_and_said() {
        let found = read(&[("ETCDCTL_ENDPOINTS", "a:1"), ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true")])
            .expect("a profile");
        assert_eq!(found.refused.len(), 1);
        assert!(found.refused[0].detail.contains("INSECURE_SKIP_TLS_VERIFY"));
        let fine = read(&[("ETCDCTL_ENDPOINTS", "a:1"), ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "false")])
            .expect("a profile");
        assert!(fine.refused.is_empty());
    }

    #[test]
    fn an_endpoint_with_a_password_is_refused_and_not_shown() {
        let found = read(&[("ETCDCTL_ENDPOINTS", "https://root:verysecret@a:1,b:2")]).expect("a profile");
        assert_eq!((found.profile.endpoints.as_slice(), found.refused.len()), (&["b:2".to_owned()][..], 1));
        assert!(found.refused[0].detail.contains("at a:1"), "{}", found.refused[0]);
        assert!(!format!("{found:?}").contains("verysecret"));
    }

    #[test]
    fn the_password_is_not_in_the_debug_text() {
        let found = read(&[("ETCDCTL_USER", "root:verysecret")]);
        assert!(!format!("{found:?}").contains("verysecret"));
    }
}
