//! A key on a token, whose signatures hold more than a signature: an agent of our own that has one in software.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use russh::keys::PrivateKey;
use sha2::{Digest as _, Sha256};
use signature::Signer as _;

use crate::bed::{Sshd, connect, keygen, run};

const KIND: &[u8] = b"sk-ssh-ed25519@openssh.com";
const APPLICATION: &[u8] = b"ssh:";
/// A person has touched it, as sshd wants to see.
const TOUCHED: u8 = 1;

// Numbers of `draft-miller-ssh-agent`.
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES: u8 = 12;
const SIGN: u8 = 13;
const SIGNED: u8 = 14;

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn take<'a>(from: &mut &'a [u8]) -> &'a [u8] {
    let (length, rest) = from.split_at(4);
    let (taken, rest) = rest.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize);
    *from = rest;
    taken
}

/// A private key that only this holds, and its public half as tokens have it.
struct Token {
    key: PrivateKey,
    blob: Vec<u8>,
}

impl Token {
    fn new(file: &Path) -> Self {
        keygen(file, &["-t", "ed25519"]);
        let key = PrivateKey::read_openssh_file(file).unwrap();
        let public = key.public_key().key_data().ed25519().unwrap().0;
        Self { key, blob: [string(KIND), string(&public), string(APPLICATION)].concat() }
    }

    /// `PROTOCOL.u2f`: what is signed, and what is sent of it.
    fn sign(&self, data: &[u8]) -> Vec<u8> {
        let counter = 7_u32.to_be_bytes();
        let hash = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
        let signed = [&hash(APPLICATION)[..], &[TOUCHED], &counter, &hash(data)].concat();
        let signature = self.key.try_sign(&signed).unwrap();
        [&string(KIND)[..], &string(signature.as_bytes()), &[TOUCHED], &counter].concat()
    }

    fn serve(&self, mut client: UnixStream) {
        let mut length = [0; 4];
        while client.read_exact(&mut length).is_ok() {
            let mut request = vec![0; u32::from_be_bytes(length) as usize];
            client.read_exact(&mut request).unwrap();
            let (kind, mut rest) = request.split_first().unwrap();
            let answer = match *kind {
                REQUEST_IDENTITIES => {
                    [&[IDENTITIES][..], &1_u32.to_be_bytes(), &string(&self.blob), &string(b"token")].concat()
                }
                SIGN => {
                    assert_eq!(take(&mut rest), self.blob);
                    [&[SIGNED][..], &string(&self.sign(take(&mut rest)))].concat()
                }
                other => panic!("request {other}"),
            };
            client.write_all(&string(&answer)).unwrap();
        }
    }

    /// Until the test is over.
    fn agent(self, socket: PathBuf) -> PathBuf {
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || listener.incoming().for_each(|client| self.serve(client.unwrap())));
        socket
    }
}

#[tokio::test]
async fn a_key_on_a_token_gets_in_by_the_agent() {
    use base64::Engine as _;

    let sshd = Sshd::start("");
    let token = Token::new(&sshd.path("token"));
    let line =
        format!("sk-ssh-ed25519@openssh.com {}\n", base64::engine::general_purpose::STANDARD.encode(&token.blob));
    std::fs::write(sshd.path("authorized_keys"), line).unwrap();
    let mut target = sshd.target();
    target.identity_files.clear();
    target.usual_keys = false;
    target.agent = Some(token.agent(sshd.path("agent")));
    let session = connect(target).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run(&*session, "echo in").await.unwrap().stdout.text, "in\n");
}
