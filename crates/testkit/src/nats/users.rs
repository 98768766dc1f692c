//! Users as NATS has them without a server that knows each: an operator signs accounts, an account signs its
//! users, and a user shows what was signed and proves to have the key. `nsc` makes the same.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// Who signs, for one account that users share and one that NATS wants for itself.
pub struct Operator {
    key: KeyPair,
    account: KeyPair,
    system: KeyPair,
    /// Users that were let in once, and are not any more.
    revoked: Vec<String>,
}

/// A user, with what it shows to be let in.
pub struct User {
    name: String,
    credentials: String,
}

/// Subjects that a user may publish to, and may subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
}

impl Rights {
    pub fn all() -> Self {
        let all = vec![">".to_owned()];
        Self { publish: all.clone(), subscribe: all }
    }

    /// The fewest with which everything can be done under the usual prefix. They are in
    /// `docs/operations.md`.
    pub fn fewest() -> Self {
        Self::fewest_under(USUAL_PREFIX)
    }

    pub fn fewest_under(prefix: &str) -> Self {
        let list = |subjects: &[&str]| {
            subjects.iter().map(|subject| subject.replace(USUAL_PREFIX, prefix)).collect()
        };
        Self { publish: list(&FEWEST_TO_PUBLISH), subscribe: list(&FEWEST_TO_SUBSCRIBE) }
    }

    pub fn and(mut self, other: Self) -> Self {
        self.publish.extend(other.publish);
        self.subscribe.extend(other.subscribe);
        self
    }

    pub fn without(mut self, subject: &str) -> Self {
        let before = self.publish.len() + self.subscribe.len();
        self.publish.retain(|other| other != subject);
        self.subscribe.retain(|other| other != subject);
        assert!(self.publish.len() + self.subscribe.len() < before, "{subject} is none of them");
        self
    }
}

impl Operator {
    pub fn new() -> Self {
        let (key, account) = (KeyPair::new_operator(), KeyPair::new_account());
        Self { key, account, system: KeyPair::new_account(), revoked: Vec::new() }
    }

    pub fn user(&self, rights: &Rights) -> User {
        let key = KeyPair::new_user();
        let name = key.public_key();
        let may = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
            "pub": only(&rights.publish), "sub": only(&rights.subscribe),
        });
        let (token, seed) = (sign(&self.account, &name, &may), key.seed().unwrap());
        let part = |what: &str, text: &str| {
            format!("-----BEGIN {what}-----\n{text}\n------END {what}------\n")
        };
        let credentials = part("NATS USER JWT", &token) + &part("USER NKEY SEED", &seed);
        User { name, credentials }
    }

    /// From its next start on a server does not let this user in.
    pub fn revoke(&mut self, user: &User) {
        self.revoked.push(user.name.clone());
    }

    /// What a server is told of it in its configuration.
    pub fn config(&self) -> String {
        let (account, system) = (self.account.public_key(), self.system.public_key());
        let forever = u32::MAX;
        let revoked: serde_json::Map<_, _> =
            self.revoked.iter().map(|name| (name.clone(), json!(forever))).collect();
        let with_jetstream = json!({
            "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
        });
        let of_account = sign(&self.key, &account, &self.account(&with_jetstream, &revoked));
        let of_system = sign(&self.key, &system, &self.account(&json!({}), &Default::default()));
        let itself = json!({"type": "operator", "version": 2, "system_account": system});
        let itself = sign(&self.key, &self.key.public_key(), &itself);
        format!(
            "operator: {itself}\nsystem_account: {system}\nresolver: MEMORY\n\
             resolver_preload {{\n  {account}: {of_account}\n  {system}: {of_system}\n}}\n"
        )
    }

    fn account(&self, limits: &Value, revoked: &serde_json::Map<String, Value>) -> Value {
        let mut all = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
            "wildcards": true, "conn": -1, "leaf": -1,
        });
        all.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        json!({"type": "account", "version": 2, "limits": all, "revocations": revoked})
    }
}

impl Default for Operator {
    fn default() -> Self {
        Self::new()
    }
}

impl User {
    /// What `nsc` writes into a file of credentials.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }
}

/// No list of subjects means all of them.
fn only(subjects: &[String]) -> Value {
    if subjects.is_empty() { json!({"deny": [">"]}) } else { json!({"allow": subjects}) }
}

/// A token that says of `subject` what `claims` has, signed.
fn sign(key: &KeyPair, subject: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let body = part(&json!({
        "jti": subject, "iat": SIGNED_AT, "iss": key.public_key(), "name": "of a test",
        "sub": subject, "nats": claims,
    }));
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

/// Some second of the past.
const SIGNED_AT: u32 = 1_700_000_000;

const USUAL_PREFIX: &str = "flightboard";

const FEWEST_TO_PUBLISH: [&str; 19] = [
    "flightboard.>",
    "flightboard-probe",
    "$O.flightboard-checkpoints.>",
    "$JS.API.STREAM.CREATE.flightboard",
    "$JS.API.STREAM.CREATE.flightboard-probe",
    "$JS.API.STREAM.CREATE.OBJ_flightboard-checkpoints",
    "$JS.API.STREAM.INFO.flightboard",
    "$JS.API.STREAM.INFO.flightboard-probe",
    "$JS.API.STREAM.INFO.OBJ_flightboard-checkpoints",
    "$JS.API.STREAM.MSG.GET.flightboard",
    "$JS.API.DIRECT.GET.OBJ_flightboard-checkpoints.>",
    "$JS.API.CONSUMER.CREATE.flightboard",
    "$JS.API.CONSUMER.CREATE.OBJ_flightboard-checkpoints",
    "$JS.API.CONSUMER.MSG.NEXT.flightboard.*",
    "$JS.FC.flightboard.>",
    "$JS.FC.OBJ_flightboard-checkpoints.>",
    "$JS.API.STREAM.PURGE.flightboard",
    "$JS.API.STREAM.PURGE.OBJ_flightboard-checkpoints",
    "$JS.API.STREAM.UPDATE.flightboard",
];

const FEWEST_TO_SUBSCRIBE: [&str; 1] = ["_INBOX.>"];
