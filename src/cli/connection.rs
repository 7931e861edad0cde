//! Which cluster to connect to, and as whom: flags over environment over a stored profile.

use std::path::PathBuf;

use clap::Args;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;

use crate::model::endpoint::behind_user;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::ConnectRequest;
use crate::model::profile::{Profile, Secret};
use crate::storage::secrets::Secrets;
use crate::storage::{Storage, environment};

/// The connection flags.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// host:port or URLs of the members, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub endpoints: Vec<String>,
    /// User; the password is better given in ETCDCTL_PASSWORD or kept in the keyring: every
    /// process of this machine can read arguments
    #[arg(long, value_name = "NAME[:PASSWORD]", value_parser = UserParser)]
    pub user: Option<User>,
    /// Speak TLS to endpoints without a scheme
    #[arg(long)]
    pub tls: bool,
    /// PEM file of the authority of the servers' certificates (turns TLS on)
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
    /// PEM file of the client's certificate (turns TLS on)
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// PEM file of the key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Name to expect in the servers' certificates, where it differs from the host
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// A stored profile; the other flags change it for this run
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Refuse every write
    #[arg(long)]
    pub read_only: bool,
}

/// A user given as `name` or `name:password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Option<Secret>,
}

/// Reads a [`User`]. What it refuses it does not repeat, as clap's own words would: there may be a
/// password in it.
#[derive(Clone, Copy)]
struct UserParser;

impl TypedValueParser for UserParser {
    type Value = User;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<User, clap::Error> {
        let refused = |why: &str| {
            let words = format!("the value of --user is not valid: {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, words).with_cmd(command)
        };
        let text = value.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(Secret(password.to_owned()))),
            None => (text, None),
        };
        if name.is_empty() {
            return Err(refused("the name is empty"));
        }
        Ok(User { name: name.to_owned(), password })
    }
}

impl ConnectionArgs {
    /// Whether the flags name a cluster to connect to.
    #[must_use]
    pub fn names_a_cluster(&self) -> bool {
        !self.endpoints.is_empty() || self.profile.is_some()
    }

    /// The connection asked for: `--profile` out of `stored`, or else `environment` (the
    /// `ETCDCTL_*` variables), with the flags over it. `None` where nothing names a cluster.
    ///
    /// # Errors
    /// [`FaultKind::Invalid`] for a profile that is not stored, or flags without a cluster.
    pub fn request(
        &self,
        stored: &[Profile],
        environment: Option<&ConnectRequest>,
    ) -> Result<Option<ConnectRequest>, Fault> {
        let invalid = |detail: String| Fault::new(FaultKind::Invalid, detail);
        let (mut profile, mut password) = match (&self.profile, environment) {
            (Some(name), environment) => {
                let found = stored.iter().find(|profile| profile.name == *name).cloned();
                let profile = found.ok_or_else(|| invalid(no_such_profile(name, stored)))?;
                let of_environment = environment
                    .filter(|request| request.profile.user.is_none() || request.profile.user == profile.user);
                (profile, of_environment.and_then(|request| request.password.clone()))
            }
            (None, Some(environment)) => (environment.profile.clone(), environment.password.clone()),
            (None, None) => (Profile::default(), None),
        };
        if !self.endpoints.is_empty() {
            profile.endpoints = self.endpoints.iter().map(|endpoint| endpoint.trim().to_owned()).collect();
            profile.endpoints.retain(|endpoint| !endpoint.is_empty());
        }
        if let Some(host) = profile.endpoints.iter().find_map(|endpoint| behind_user(endpoint)) {
            // It would name the tab, and the drafts.
            let detail = format!("the endpoint at {host} contains a user: give --user or ETCDCTL_USER");
            return Err(invalid(detail));
        }
        if profile.endpoints.is_empty() {
            if *self == Self::default() {
                return Ok(None);
            }
            return Err(invalid("no cluster is named: give --endpoints or --profile".to_owned()));
        }
        if let Some(user) = &self.user {
            if profile.user.as_ref() != Some(&user.name) && environment_user(environment).is_some() {
                // The environment's password is another user's.
                password = None;
            }
            profile.user = Some(user.name.clone());
            password = user.password.clone().or(password);
        }
        self.apply_tls(&mut profile);
        profile.read_only |= self.read_only;
        if profile.name.is_empty() {
            profile.name = short_name(&profile.endpoints);
        }
        Ok(Some(ConnectRequest { profile, password }))
    }

    fn apply_tls(&self, profile: &mut Profile) {
        let tls = &mut profile.tls;
        tls.enabled |= self.tls || self.cacert.is_some() || self.cert.is_some() || self.server_name.is_some();
        let over = |ours: &Option<PathBuf>, theirs: &mut Option<PathBuf>| {
            if ours.is_some() {
                theirs.clone_from(ours);
            }
        };
        over(&self.cacert, &mut tls.ca_file);
        over(&self.cert, &mut tls.cert_file);
        over(&self.key, &mut tls.key_file);
        if self.server_name.is_some() {
            tls.server_name.clone_from(&self.server_name);
        }
    }
}

/// The connection that the flags, the environment and the stored profiles name together, with the
/// password from the keyring where a stored profile has its user's there.
///
/// # Errors
/// [`FaultKind::Invalid`] where no cluster is named.
pub(super) async fn find_cluster(connection: ConnectionArgs) -> Result<ConnectRequest, Fault> {
    // Files and the keyring may take their time.
    let search = tokio::task::spawn_blocking(move || {
        let environment = environment::from_environment();
        for refused in environment.iter().flat_map(|environment| &environment.refused) {
            eprintln!("etcdscope: {refused}");
        }
        let environment = environment.map(|environment| ConnectRequest {
            profile: environment.profile,
            password: environment.password,
        });
        let stored = if connection.profile.is_some() { Storage::open(None).profiles() } else { Vec::new() };
        let mut request = connection.request(&stored, environment.as_ref())?.ok_or_else(|| {
            let detail = "no cluster is named: give --endpoints, --profile or ETCDCTL_ENDPOINTS";
            Fault::new(FaultKind::Invalid, detail)
        })?;
        let user = request.profile.user.as_deref();
        let stored_user = stored
            .iter()
            .any(|profile| profile.name == request.profile.name && profile.user.as_deref() == user);
        if user.is_some() && stored_user && request.password.is_none() {
            request.password = Secrets::open().read(&request.profile.name)?;
        }
        if let (Some(user), None) = (&request.profile.user, &request.password) {
            let detail =
                format!("no password for {user}: set ETCDCTL_PASSWORD, or give --user {user}:PASSWORD");
            return Err(Fault::new(FaultKind::UserRequired, detail));
        }
        Ok(request)
    });
    search.await.map_err(|error| Fault::new(FaultKind::Other, error.to_string()))?
}

fn environment_user(environment: Option<&ConnectRequest>) -> Option<&String> {
    environment.and_then(|request| request.profile.user.as_ref())
}

fn no_such_profile(name: &str, stored: &[Profile]) -> String {
    let names: Vec<&str> = stored.iter().map(|profile| profile.name.as_str()).collect();
    if names.is_empty() {
        format!("there is no profile {name:?}: none is stored")
    } else {
        format!("there is no profile {name:?}; stored are {}", names.join(", "))
    }
}

/// The first endpoint without its scheme: what a tab shows of a connection without a profile.
fn short_name(endpoints: &[String]) -> String {
    let first = endpoints.first().map_or("", String::as_str);
    first.split_once("://").map_or(first, |(_, rest)| rest).to_owned()
}
