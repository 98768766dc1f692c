//! Users of NATS servers by signed tokens, so that no server lists them: an operator signs accounts, an account
//! signs its users, and a user presents its token and proves that it has the key. Same as `nsc` makes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Map, Value, json};

/// Signs for two accounts: the users' account, and the account `system_account` that NATS requires.
pub struct NatsOperator {
    key: KeyPair,
    account: KeyPair,
    system: KeyPair,
    /// Public keys of revoked users.
    revoked: Vec<String>,
}

pub struct NatsUser {
    public_key: String,
    credentials: String,
}

/// Subjects that a user may publish and subscribe to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsPermissions {
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
}

impl NatsPermissions {
    pub fn all() -> Self {
        let all = vec![">".to_owned()];
        Self { publish: all.clone(), subscribe: all }
    }

    /// The minimum for all operations under the default prefix, as `docs/operations.md` lists it.
    pub fn minimal() -> Self {
        Self::minimal_for(DEFAULT_PREFIX)
    }

    pub fn minimal_for(prefix: &str) -> Self {
        let list = |subjects: &[&str]| {
            subjects.iter().map(|subject| subject.replace(DEFAULT_PREFIX, prefix)).collect()
        };
        Self { publish: list(&MINIMAL_PUBLISH), subscribe: list(&MINIMAL_SUBSCRIBE) }
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
        assert!(self.publish.len() + self.subscribe.len() < before, "no permission for {subject}");
        self
    }
}

impl NatsOperator {
    pub fn generate() -> Self {
        Self {
            key: KeyPair::new_operator(),
            account: KeyPair::new_account(),
            system: KeyPair::new_account(),
            revoked: Vec::new(),
        }
    }

    pub fn create_user(&self, permissions: &NatsPermissions) -> NatsUser {
        let key = KeyPair::new_user();
        let public_key = key.public_key();
        let claims = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
            "pub": subject_claim(&permissions.publish), "sub": subject_claim(&permissions.subscribe),
        });
        let token = sign(&self.account, &public_key, &claims);
        let block = |title: &str, text: &str| {
            format!("-----BEGIN {title}-----\n{text}\n------END {title}------\n")
        };
        let seed = block("USER NKEY SEED", &key.seed().unwrap());
        let credentials = block("NATS USER JWT", &token) + &seed;
        NatsUser { public_key, credentials }
    }

    /// Revokes a user. A server applies this from its next start with [`NatsOperator::config`].
    pub fn revoke(&mut self, user: &NatsUser) {
        self.revoked.push(user.public_key.clone());
    }

    /// Lines for the configuration of a server.
    pub fn config(&self) -> String {
        let account = self.account.public_key();
        let system = self.system.public_key();
        let until_end_of_time = u32::MAX;
        let revoked = self.revoked.iter().map(|key| (key.clone(), json!(until_end_of_time)));
        let jetstream_limits = json!({
            "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
        });
        let claims = account_claims(&jetstream_limits, revoked.collect());
        let account_token = sign(&self.key, &account, &claims);
        let system_token = sign(&self.key, &system, &account_claims(&json!({}), Map::new()));
        let claims = json!({"type": "operator", "version": 2, "system_account": system});
        let operator_token = sign(&self.key, &self.key.public_key(), &claims);
        format!(
            "operator: {operator_token}\nsystem_account: {system}\nresolver: MEMORY\n\
             resolver_preload {{\n  {account}: {account_token}\n  {system}: {system_token}\n}}\n"
        )
    }
}

impl NatsUser {
    /// The contents of a file of credentials, as `nsc` writes it.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }
}

fn account_claims(limits: &Value, revoked: Map<String, Value>) -> Value {
    let mut all = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
        "wildcards": true, "conn": -1, "leaf": -1,
    });
    all.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    json!({"type": "account", "version": 2, "limits": all, "revocations": revoked})
}

/// NATS takes an empty list for all subjects.
fn subject_claim(subjects: &[String]) -> Value {
    if subjects.is_empty() { json!({"deny": [">"]}) } else { json!({"allow": subjects}) }
}

/// A token with `claims` about the key `subject`.
fn sign(key: &KeyPair, subject: &str, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(&json!({"typ": "JWT", "alg": "ed25519-nkey"}));
    let body = encode(&json!({
        "jti": subject, "iat": SIGNED_AT, "iss": key.public_key(), "name": "test",
        "sub": subject, "nats": claims,
    }));
    let signed = format!("{head}.{body}");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

/// Any time in the past.
const SIGNED_AT: u32 = 1_700_000_000;

const DEFAULT_PREFIX: &str = "flightboard";

const MINIMAL_PUBLISH: [&str; 19] = [
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

const MINIMAL_SUBSCRIBE: [&str; 1] = ["_INBOX.>"];
