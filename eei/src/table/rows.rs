//! The macro that turns rows into data and dispatch.

/// Declares `ROWS` and `dispatch` of a group.
///
/// One row: doc (the contract's side of the agreement), import name, Rust method, signature, then
/// `gas [A]` (charged first) or `gas within [A]` (charged by the method).
macro_rules! host_fns {
    ($($(#[doc = $doc:literal])* $name:literal = $f:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?,
        gas $(within [$($within:ident),+])? $([$($first:ident),+])?;)*) => {
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy)]
        enum Row { $($f),* }

        const ROW: &[Row] = &[$(Row::$f),*];

        /// The rows as data.
        pub(super) static ROWS: &[crate::table::HostFn] = &[$(crate::table::HostFn {
            name: $name,
            takes: &[$((stringify!($arg), <$ty as crate::abi::Param>::PARTS)),*],
            result: host_fns!(@result $($ret)?),
            gas: &[$($(arwen_metering::GasKey::$within,)+)? $($(arwen_metering::GasKey::$first,)+)?],
            charged: host_fns!(@charged $($($within)+)?),
            since: "1.3",
            doc: concat!($($doc, "\n"),*),
        }),*];

        /// Charges, decodes, calls and encodes.
        pub(super) fn dispatch(
            call: &mut crate::fns::HostCall<'_, '_, '_>,
            index: usize,
            args: &[u64],
        ) -> Result<u64, crate::errors::Stop> {
            let Some(row) = ROW.get(index) else { return Err(crate::errors::EeiError::ExecutionFailed.into()) };
            let mut slots = args.iter().copied();
            match row {
                $(Row::$f => {
                    $($(call.run.charge(arwen_metering::GasKey::$first);)+)?
                    $(let $arg = <$ty as crate::abi::Param>::take(&mut slots);)*
                    host_fns!(@call call $f ($($arg),*) => $($ret)?)
                })*
            }
        }
    };
    (@result) => { None };
    (@result $ret:ty) => { Some(<$ret as crate::abi::Abi>::KIND) };
    (@charged) => { crate::table::Charged::First };
    (@charged $($within:ident)+) => { crate::table::Charged::Within };
    (@call $call:ident $f:ident ($($arg:ident),*) =>) => {{
        $call.$f($($arg),*)?;
        Ok(0)
    }};
    (@call $call:ident $f:ident ($($arg:ident),*) => $ret:ty) => {{
        let result = $call.$f($($arg),*)?;
        Ok(<$ret as crate::abi::Abi>::into_slot(result))
    }};
}
