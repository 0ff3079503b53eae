//! Ciphers of secure messaging: residence cards and passports.
//!
//! Passports and the first generation of residence cards use two-key 3DES and the retail MAC (ISO
//! 9797-1, algorithm 3, padding method 2), the second generation AES-128 and CMAC cut to eight
//! bytes. All derive keys with SHA-1 from what is printed on the document, so the channel keeps
//! eavesdroppers out and proves little more.

use aes::Aes128;
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};
use cmac::{Cmac, Mac as _};
use des::{Des, TdesEde2};
use ring::digest;
use zeroize::Zeroizing;

/// Key of 16 bytes.
pub(crate) type Key = Zeroizing<[u8; 16]>;

/// Which ciphers a card speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// 3DES and the retail MAC.
    TripleDes,
    /// AES and CMAC.
    Aes,
}

/// First 16 bytes of the SHA-1 of everything in turn.
pub(crate) fn derive(parts: &[&[u8]]) -> Key {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    let mut key = Zeroizing::new([0; 16]);
    for (to, from) in key.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    key
}

/// Cipher block chaining with a first block of zeros; only whole blocks.
fn chain<const BLOCK: usize>(
    data: &[u8],
    step: impl Fn([u8; BLOCK], [u8; BLOCK]) -> ([u8; BLOCK], [u8; BLOCK]),
) -> Option<Zeroizing<Vec<u8>>> {
    let (blocks, rest) = data.as_chunks::<BLOCK>();
    let mut previous = [0; BLOCK];
    let mut out = Zeroizing::new(Vec::with_capacity(data.len()));
    for block in blocks {
        let (result, next) = step(*block, previous);
        out.extend_from_slice(&result);
        previous = next;
    }
    rest.is_empty().then_some(out)
}

fn xor<const N: usize>(a: [u8; N], b: [u8; N]) -> [u8; N] {
    let mut out = a;
    out.iter_mut().zip(b).for_each(|(to, from)| *to ^= from);
    out
}

fn encrypt_block<const N: usize>(mut block: [u8; N], cipher: &impl BlockEncrypt) -> [u8; N] {
    if let Some(block) = as_block(&mut block) {
        cipher.encrypt_block(block);
    }
    block
}

fn decrypt_block<const N: usize>(mut block: [u8; N], cipher: &impl BlockDecrypt) -> [u8; N] {
    if let Some(block) = as_block(&mut block) {
        cipher.decrypt_block(block);
    }
    block
}

/// The same bytes as the cipher crates name them.
fn as_block<L: aes::cipher::generic_array::ArrayLength<u8>>(
    bytes: &mut [u8],
) -> Option<&mut GenericArray<u8, L>> {
    (bytes.len() == L::to_usize()).then(|| GenericArray::from_mut_slice(bytes))
}

impl Suite {
    /// Encrypts whole blocks; `None` when there is a part of one.
    pub(crate) fn encrypt(self, key: &Key, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::TripleDes => {
                let cipher = TdesEde2::new(GenericArray::from_slice(key.as_slice()));
                chain::<8>(data, |block, previous| {
                    let out = encrypt_block(xor(block, previous), &cipher);
                    (out, out)
                })
            }
            Self::Aes => {
                let cipher = Aes128::new(GenericArray::from_slice(key.as_slice()));
                chain::<16>(data, |block, previous| {
                    let out = encrypt_block(xor(block, previous), &cipher);
                    (out, out)
                })
            }
        }
    }

    /// Decrypts whole blocks; `None` when there is a part of one.
    pub(crate) fn decrypt(self, key: &Key, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::TripleDes => {
                let cipher = TdesEde2::new(GenericArray::from_slice(key.as_slice()));
                chain::<8>(data, |block, previous| {
                    (xor(decrypt_block(block, &cipher), previous), block)
                })
            }
            Self::Aes => {
                let cipher = Aes128::new(GenericArray::from_slice(key.as_slice()));
                chain::<16>(data, |block, previous| {
                    (xor(decrypt_block(block, &cipher), previous), block)
                })
            }
        }
    }

    /// Message code of eight bytes.
    pub(crate) fn mac(self, key: &Key, data: &[u8]) -> [u8; 8] {
        match self {
            Self::TripleDes => retail_mac(key, data),
            Self::Aes => {
                let mut mac =
                    <Cmac<Aes128> as KeyInit>::new(GenericArray::from_slice(key.as_slice()));
                mac.update(data);
                let mut code = [0; 8];
                for (to, from) in code.iter_mut().zip(mac.finalize().into_bytes()) {
                    *to = from;
                }
                code
            }
        }
    }
}

/// DES chained over all blocks with the first half of the key; the last block once more through
/// the second half and the first.
fn retail_mac(key: &Key, data: &[u8]) -> [u8; 8] {
    let (first, second) = key.split_at(8);
    let first = Des::new(GenericArray::from_slice(first));
    let second = Des::new(GenericArray::from_slice(second));
    let mut padded = Zeroizing::new(data.to_vec());
    padded.push(0x80);
    while !padded.len().is_multiple_of(8) {
        padded.push(0x00);
    }
    let (blocks, _) = padded.as_chunks::<8>();
    let chained = blocks.iter().fold([0; 8], |previous, block| {
        encrypt_block(xor(*block, previous), &first)
    });
    encrypt_block(decrypt_block(chained, &second), &first)
}

/// Takes the padding `80 00 ..` off; `None` when there is none.
pub(crate) fn strip_padding(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().rposition(|byte| *byte != 0x00)?;
    match data.split_at_checked(end) {
        Some((content, [0x80, ..])) => Some(content),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_of_the_worked_number_is_derived() {
        let key = derive(&[b"ZZ12345678YY"]);
        let expected = [
            0xee, 0xc5, 0x02, 0x3d, 0xf2, 0x4e, 0x05, 0x72, 0xa5, 0x41, 0x2b, 0xf9, 0x4a, 0xee,
            0x8d, 0x3e,
        ];
        assert_eq!(*key, expected);
    }

    #[test]
    fn padding_is_taken_off_or_missed() {
        assert_eq!(strip_padding(&[1, 2, 0x80, 0, 0]), Some(&[1, 2][..]));
        assert_eq!(strip_padding(&[0x80]), Some(&[][..]));
        assert_eq!(strip_padding(&[1, 2, 0, 0]), None);
        assert_eq!(strip_padding(&[]), None);
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(key in any::<[u8; 16]>(), data in proptest::collection::vec(any::<u8>(), 0..100)) {
            let key = Zeroizing::new(key);
            for (suite, block) in [(Suite::TripleDes, 8), (Suite::Aes, 16)] {
                let sealed = suite.encrypt(&key, &data);
                prop_assert_eq!(sealed.is_some(), data.len() % block == 0);
                if let Some(sealed) = sealed {
                    prop_assert_eq!(suite.decrypt(&key, &sealed), Some(Zeroizing::new(data.clone())));
                }
            }
        }
    }
}
