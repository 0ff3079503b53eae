//! The chip's side of a residence card's secure messaging.
//!
//! Written apart from the reader's side, so that both are tried against each other and against the
//! worked example of the specification. The chip's "random" bytes are those of that example, always:
//! a simulator whose answers can be compared.

use aes::Aes128;
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use cmac::{Cmac, Mac as _};
use des::{Des, TdesEde2};
use ring::digest;

/// Which ciphers the chip speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    TripleDes,
    Aes,
}

const NONCE: [u8; 8] = [0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8];
const KEY_HALF: [u8; 16] = [
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
];

/// State of the channel.
#[derive(Debug, Clone)]
pub(super) struct SecureChip {
    suite: Suite,
    number: Vec<u8>,
    session: Option<Vec<u8>>,
    opened: bool,
}

impl SecureChip {
    pub(super) fn new(suite: Suite, number: &str) -> Self {
        Self {
            suite,
            number: number.as_bytes().to_vec(),
            session: None,
            opened: false,
        }
    }

    /// Whether the number is presented.
    pub(super) fn is_opened(&self) -> bool {
        self.opened
    }

    /// Power or reset: everything is forgotten.
    pub(super) fn forget(&mut self) {
        self.session = None;
        self.opened = false;
    }

    /// GET CHALLENGE.
    pub(super) fn challenge() -> [u8; 8] {
        NONCE
    }

    /// MUTUAL AUTHENTICATE; `None` when the reader used another number.
    pub(super) fn authenticate(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let master = derive(&self.number);
        let (sealed, code) = command.split_at_checked(32)?;
        if self.mac(&master, sealed) != code {
            return None;
        }
        let opened = self.decrypt(&master, sealed);
        let (reader_nonce, rest) = opened.split_at_checked(8)?;
        let (nonce, reader_half) = rest.split_at_checked(8)?;
        if nonce != NONCE {
            return None;
        }
        let mut seed: Vec<u8> = reader_half
            .iter()
            .zip(KEY_HALF)
            .map(|(a, b)| a ^ b)
            .collect();
        seed.extend([0, 0, 0, 1]);
        self.session = Some(derive(&seed));
        let mine = [&NONCE[..], reader_nonce, &KEY_HALF].concat();
        let mut answer = self.encrypt(&master, &mine);
        answer.extend(self.mac(&master, &answer));
        Some(answer)
    }

    /// VERIFY through the channel; `None` without one.
    pub(super) fn present(&mut self, sealed: &[u8]) -> Option<bool> {
        let session = self.session.as_ref()?;
        let padded = self.decrypt(session, sealed);
        self.opened = padded.get(..12) == Some(&self.number[..]);
        Some(self.opened)
    }

    /// Content as it leaves through the channel: `86 { 01, cipher }`.
    pub(super) fn seal(&self, content: &[u8]) -> Option<Vec<u8>> {
        let session = self.session.as_ref()?;
        let block = match self.suite {
            Suite::TripleDes => 8,
            Suite::Aes => 16,
        };
        let mut padded = content.to_vec();
        padded.push(0x80);
        while !padded.len().is_multiple_of(block) {
            padded.push(0x00);
        }
        let mut value = vec![0x01];
        value.extend(self.encrypt(session, &padded));
        Some(super::objects::object(&[0x86], &value))
    }

    fn encrypt(&self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self.suite {
            Suite::TripleDes => chain_encrypt(&TdesEde2::new(GenericArray::from_slice(key)), data),
            Suite::Aes => chain_encrypt(&Aes128::new(GenericArray::from_slice(key)), data),
        }
    }

    fn decrypt(&self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self.suite {
            Suite::TripleDes => chain_decrypt(&TdesEde2::new(GenericArray::from_slice(key)), data),
            Suite::Aes => chain_decrypt(&Aes128::new(GenericArray::from_slice(key)), data),
        }
    }

    fn mac(&self, key: &[u8], data: &[u8]) -> Vec<u8> {
        match self.suite {
            Suite::Aes => {
                let mut mac = <Cmac<Aes128> as KeyInit>::new(GenericArray::from_slice(key));
                mac.update(data);
                mac.finalize()
                    .into_bytes()
                    .iter()
                    .take(8)
                    .copied()
                    .collect()
            }
            Suite::TripleDes => retail_mac(key, data),
        }
    }
}

/// ISO 9797-1, algorithm 3, padding method 2.
pub(super) fn retail_mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let (first, second) = key.split_at(8);
    let first = Des::new(GenericArray::from_slice(first));
    let second = Des::new(GenericArray::from_slice(second));
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(8), 0x00);
    let chained = chain_encrypt(&first, &padded);
    let mut last = GenericArray::clone_from_slice(chained.last_chunk::<8>().unwrap_or(&[0; 8]));
    second.decrypt_block(&mut last);
    first.encrypt_block(&mut last);
    last.to_vec()
}

/// First half of a SHA-1 and a little more: 16 bytes.
pub(super) fn derive(seed: &[u8]) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, seed);
    hash.as_ref().iter().take(16).copied().collect()
}

pub(super) fn chain_encrypt<C: BlockEncrypt>(cipher: &C, data: &[u8]) -> Vec<u8> {
    let mut previous = GenericArray::<u8, C::BlockSize>::default();
    let mut out = Vec::with_capacity(data.len());
    for block in data.chunks_exact(C::block_size()) {
        previous
            .iter_mut()
            .zip(block)
            .for_each(|(to, from)| *to ^= from);
        cipher.encrypt_block(&mut previous);
        out.extend_from_slice(&previous);
    }
    out
}

pub(super) fn chain_decrypt<C: BlockDecrypt>(cipher: &C, data: &[u8]) -> Vec<u8> {
    let mut previous = vec![0; C::block_size()];
    let mut out = Vec::with_capacity(data.len());
    for block in data.chunks_exact(C::block_size()) {
        let mut plain = GenericArray::<u8, C::BlockSize>::clone_from_slice(block);
        cipher.decrypt_block(&mut plain);
        out.extend(plain.iter().zip(&previous).map(|(a, b)| a ^ b));
        block.clone_into(&mut previous);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[track_caller]
    fn check(suite: Suite, command: &str, answer: &str, verify: &str) {
        let mut chip = SecureChip::new(suite, "ZZ12345678YY");
        assert_eq!(chip.authenticate(&hex(command)), Some(hex(answer)));
        assert_eq!(chip.present(&hex(verify)), Some(true));
    }

    #[test]
    fn the_worked_example_of_the_first_generation_is_answered() {
        check(
            Suite::TripleDes,
            "F4B2ED86406F630AE0CEBAD89B51FC07EEBA990DDF9FE769893992586B9B9BD0BF0753AD3FDDCAC5",
            "7D81A12DECCCBD82B553AAF14E1C5C3522890ED33F635DAC7A244C1ED7D6EEC00C5E159EA69F95E3",
            "8577A5F8786304824B5ED914183570AD",
        );
    }

    #[test]
    fn the_worked_example_of_the_second_generation_is_answered() {
        check(
            Suite::Aes,
            "720077B5093109769BC7E6DF3C53352176EBE53D139501119F4724C685C4520B9D414BB7E09EEFE0",
            "053C792F622DAEF753201B1D4254C0FAB054D7A11BCC751445FD37B2002EF374B77E0C08E20DE3D4",
            "5415DE5259D31ED7E8AEE79C08A0001D",
        );
    }
}
