//! Bytes of request bodies in memory, for all requests together.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::client_address::Client;
use crate::client_address::ClientAddress;

/// An address that is limited may use one of this number of parts of the bytes.
const ADDRESS_SHARE: usize = 4;

/// One of this number of parts of the bytes is for bodies with one update.
const SMALL_BODY_SHARE: usize = 4;

/// Bodies up to this size, which is that of one update, use the part that is theirs.
const SMALL_BODY_BYTES: usize = super::api::MAX_UPDATE_BYTES;

/// The bytes that bodies may occupy.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    max_bytes: usize,
    used: Mutex<UsedBytes>,
}

#[derive(Debug, Default)]
struct UsedBytes {
    total: usize,
    by_address: HashMap<ClientAddress, usize>,
}

/// The bytes of one body, until this is dropped.
#[derive(Debug)]
pub(crate) struct BodyShare {
    budget: Arc<BodyBudget>,
    address: Option<ClientAddress>,
    bytes: usize,
}

impl BodyBudget {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, used: Mutex::default() }
    }

    /// Bytes of all bodies in memory.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used.lock().total
    }

    /// A body without bytes yet.
    pub(crate) fn share_for(self: &Arc<Self>, client: Option<Client>) -> BodyShare {
        let limited = client.filter(|client| client.has_default_limits);
        let address = limited.map(|client| client.address);
        BodyShare { budget: Arc::clone(self), address, bytes: 0 }
    }
}

impl BodyShare {
    /// Adds bytes to the body. Returns false, and adds none, if there is no room for them.
    #[must_use]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let max_bytes = self.budget.max_bytes;
        let size = self.bytes + bytes;
        let reserved = if size > SMALL_BODY_BYTES { max_bytes / SMALL_BODY_SHARE } else { 0 };
        let mut used = self.budget.used.lock();
        if used.total + bytes > max_bytes - reserved {
            return false;
        }
        if let Some(address) = self.address {
            let of_address = used.by_address.entry(address).or_default();
            if *of_address + bytes > max_bytes / ADDRESS_SHARE {
                return false;
            }
            *of_address += bytes;
        }
        used.total += bytes;
        self.bytes = size;
        true
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        let mut used = self.budget.used.lock();
        used.total -= self.bytes;
        if let Some(address) = self.address
            && let Some(of_address) = used.by_address.get_mut(&address)
        {
            *of_address -= self.bytes;
            if *of_address == 0 {
                used.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const BUDGET: usize = 64 * SMALL_BODY_BYTES;

    fn client(last: u8) -> Option<Client> {
        let address = IpAddr::from([192, 0, 2, last]).into();
        Some(Client { address, has_default_limits: true })
    }

    #[test]
    fn addresses_share_the_bytes() {
        let budget = Arc::new(BodyBudget::new(BUDGET));
        let mut shares: Vec<_> = (1..=3).map(|last| budget.share_for(client(last))).collect();
        for share in &mut shares {
            assert!(share.grow(BUDGET / 4), "a quarter");
            assert!(!share.grow(1));
        }
        assert!(!budget.share_for(None).grow(SMALL_BODY_BYTES + 1), "the rest is for small bodies");
        assert!(budget.share_for(client(4)).grow(SMALL_BODY_BYTES));
        assert!(!budget.share_for(client(1)).grow(1));
        assert_eq!(budget.used_bytes(), BUDGET / 4 * 3);
        drop(shares);
        assert!(budget.share_for(client(1)).grow(1));
        assert_eq!((budget.used_bytes(), budget.used.lock().by_address.len()), (0, 0));
    }
}
