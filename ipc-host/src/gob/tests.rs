//! Gob against recorded frames, where those are at hand, and against what no sender would send.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::form;
use super::number::{Cursor, put_bytes, put_int, put_uint};
use crate::error::DecodeError;
use crate::marshalizer::Marshalizer;
use crate::messages::{Body, ContractResponse, Kind};
use crate::records::Base;
use crate::wire::Dialect;

fn read(marshalizer: Marshalizer, kind: Kind, payload: &[u8]) -> Result<(Base, Body), DecodeError> {
    let (mut base, mut body) = (Base::default(), Body::empty(kind));
    marshalizer.decode(payload, &mut base, body.record_mut())?;
    Ok((base, body))
}

/// The same with its accounts and their storage in order, which Go leaves to chance.
fn in_order((base, mut body): (Base, Body)) -> (Base, Body) {
    if let Body::ContractResponse(ContractResponse {
        output: Some(output), ..
    }) = &mut body
    {
        output.output_accounts.sort_by(|a, b| a.address.cmp(&b.address));
        for account in &mut output.output_accounts {
            account.storage_updates.sort_by(|a, b| a.offset.cmp(&b.offset));
        }
    }
    (base, body)
}

/// A payload without lengths, its types numbered by their first appearance: what two senders agree on.
fn canonical(payload: &[u8]) -> Vec<u8> {
    let mut numbers = BTreeMap::new();
    let mut renumber = move |number: i64| {
        let next = numbers.len() as i64;
        match number {
            ..64 => number,
            _ => 1000 + *numbers.entry(number).or_insert(next),
        }
    };
    let mut out = Vec::new();
    let mut cursor = Cursor::new(payload);
    while !cursor.is_at_end() {
        let mut part = Cursor::new(cursor.counted().unwrap());
        let number = part.int().unwrap();
        put_int(&mut out, renumber(number.abs()));
        if number >= 0 {
            out.extend_from_slice(part.rest());
            break;
        }
        let fields = |part: &mut Cursor<'_>, form: u64| {
            part.fields(|part, field| {
                put_uint(&mut out, field);
                let mut named = |part: &mut Cursor<'_>| {
                    part.fields(|part, field| {
                        match field {
                            1 => put_bytes(&mut out, part.counted()?),
                            _ => put_int(&mut out, renumber(part.int()?)),
                        }
                        Ok(())
                    })
                };
                match (form, field) {
                    (_, 1) => named(part)?,
                    (form::STRUCT, 2) => (0..part.count()?).try_for_each(|_| named(part))?,
                    _ => put_int(&mut out, renumber(part.int()?)),
                }
                Ok(())
            })
        };
        let mut fields = fields;
        part.fields(|part, form| fields(part, form)).unwrap();
    }
    out
}

#[test]
fn recorded_frames_mean_what_their_json_says_and_are_written_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let frames = ["../shared", "../../shared"]
        .iter()
        .map(|shared| root.join(shared).join("conformance/gob/frames.jsonl"))
        .find_map(|path| std::fs::read_to_string(path).ok())
        .unwrap_or_else(|| {
            eprintln!("skipped: no ../shared/conformance/gob/frames.jsonl");
            String::new()
        });
    for (line, text) in frames.lines().enumerate() {
        let frame: serde_json::Value = serde_json::from_str(text).unwrap();
        let kind = Kind::from_number(frame["kind"].as_u64().unwrap() as u32).unwrap();
        let gob = BASE64_STANDARD.decode(frame["gob"].as_str().unwrap()).unwrap();
        let json = frame["json"].as_str().unwrap().as_bytes();
        let said = read(Marshalizer::Json, kind, json).unwrap();
        let (base, body) = read(Marshalizer::Gob, kind, &gob).unwrap();
        let heard = in_order((base.clone(), body.clone()));
        assert_eq!(heard, in_order(said), "frame {line}");
        let own = super::encode(Some(&base), body.record(), Dialect::Current).unwrap();
        assert_eq!(canonical(&own), canonical(&gob), "frame {line}: {kind}");
        for cut in 0..own.len() {
            assert!(
                read(Marshalizer::Gob, kind, &own[..cut]).is_err(),
                "frame {line} cut at {cut}"
            );
        }
    }
}
