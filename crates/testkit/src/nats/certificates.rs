//! Certificates for tests: an authority and the servers that it signs.

use std::ops::Range;
use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

pub struct CertificateAuthority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its private key, both in PEM.
pub struct IssuedCertificate {
    pub certificate: String,
    pub key: String,
}

impl CertificateAuthority {
    pub fn generate() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "test authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The authority's own certificate, in PEM.
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// Issues a certificate for a server with these names or addresses.
    pub fn issue(&self, names: &[&str]) -> IssuedCertificate {
        self.issue_with(names, |_| {})
    }

    /// Like [`CertificateAuthority::issue`], for this time only.
    pub fn issue_for(&self, names: &[&str], validity: Range<SystemTime>) -> IssuedCertificate {
        self.issue_with(names, |params| {
            params.not_before = validity.start.into();
            params.not_after = validity.end.into();
        })
    }

    fn issue_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> IssuedCertificate {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap().pem();
        IssuedCertificate { certificate, key: key.serialize_pem() }
    }
}
