/*
 * The part of libsrtp 3's interface that mediasoup-worker uses, on top of libsrtp 2, which is what Debian has.
 *
 * Two things differ between them. A policy is a struct that the caller fills in (2) or an opaque object with
 * setters (3); and packets are worked on in place (2) or from one buffer into another (3). The functions below
 * have libsrtp 3's signatures and overload libsrtp 2's of the same name. C++ only.
 */
#pragma once

/* libsrtp 2's policy struct makes room for libsrtp 3's handle of the same name. */
#define srtp_policy_t srtp2_policy_t
#include <srtp2/srtp.h>
#undef srtp_policy_t

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

/* Errors that only libsrtp 3 knows, with its numbers: the worker has a text for each. */
inline constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
inline constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace srtp3
{
	struct Policy
	{
		srtp2_policy_t policy;
		/* Key and salt, one after the other, as libsrtp 2 wants them. */
		uint8_t key[SRTP_MAX_KEY_LEN];
	};
} // namespace srtp3

using srtp_policy_t = srtp3::Policy*;

inline srtp_err_status_t srtp_policy_create(srtp_policy_t* policy)
{
	*policy = new (std::nothrow) srtp3::Policy();

	return *policy ? srtp_err_status_ok : srtp_err_status_alloc_fail;
}

inline void srtp_policy_destroy(srtp_policy_t policy)
{
	if (!policy)
	{
		return;
	}

	/* A plain memset before delete may be optimised away, and these are keys. */
	volatile uint8_t* key = policy->key;

	for (size_t i = 0; i < sizeof(policy->key); ++i)
	{
		key[i] = 0;
	}

	delete policy;
}

inline srtp_err_status_t srtp_policy_set_ssrc(srtp_policy_t policy, srtp_ssrc_t ssrc)
{
	policy->policy.ssrc = ssrc;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_profile(srtp_policy_t policy, srtp_profile_t profile)
{
	const srtp_err_status_t error =
	  srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

	if (error != srtp_err_status_ok)
	{
		return error;
	}

	return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
}

inline srtp_err_status_t srtp_policy_add_key(
  srtp_policy_t policy,
  const uint8_t* key,
  size_t keyLength,
  const uint8_t* salt,
  size_t saltLength,
  const uint8_t* /*mki*/,
  size_t mkiLength)
{
	/* The worker uses no master key identifiers. */
	if (mkiLength != 0 || keyLength + saltLength > sizeof(policy->key))
	{
		return srtp_err_status_bad_param;
	}

	std::memcpy(policy->key, key, keyLength);
	std::memcpy(policy->key + keyLength, salt, saltLength);
	policy->policy.key = policy->key;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_allow_repeat_tx(srtp_policy_t policy, bool allow)
{
	policy->policy.allow_repeat_tx = allow ? 1 : 0;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_policy_set_window_size(srtp_policy_t policy, size_t size)
{
	policy->policy.window_size = size;

	return srtp_err_status_ok;
}

inline srtp_err_status_t srtp_create(srtp_t* session, srtp_policy_t policy)
{
	return srtp_create(session, static_cast<const srtp2_policy_t*>(&policy->policy));
}

inline srtp_err_status_t srtp_stream_remove(srtp_t session, uint32_t ssrc)
{
	return srtp_remove_stream(session, ssrc);
}

namespace srtp3
{
	/* Does in `out` what libsrtp 2 does in place; `growth` is the most bytes that it may add to the packet. */
	template<typename InPlace>
	inline srtp_err_status_t Apply(
	  InPlace inPlace, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t growth)
	{
		if (*outLength < inLength + growth)
		{
			return srtp_err_status_buffer_small;
		}

		if (out != in)
		{
			std::memcpy(out, in, inLength);
		}

		int length                    = static_cast<int>(inLength);
		const srtp_err_status_t error = inPlace(out, &length);

		if (error == srtp_err_status_ok)
		{
			*outLength = static_cast<size_t>(length);
		}

		return error;
	}

	/* An SRTCP packet also gets its index (RFC 3711, 3.4), which SRTP_MAX_TRAILER_LEN leaves out. */
	inline constexpr size_t SrtcpIndexLength{ 4 };
} // namespace srtp3

inline srtp_err_status_t srtp_protect(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	return srtp3::Apply(
	  [session](void* packet, int* length) { return srtp_protect(session, packet, length); },
	  in,
	  inLength,
	  out,
	  outLength,
	  SRTP_MAX_TRAILER_LEN);
}

inline srtp_err_status_t srtp_unprotect(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	return srtp3::Apply(
	  [session](void* packet, int* length) { return srtp_unprotect(session, packet, length); },
	  in,
	  inLength,
	  out,
	  outLength,
	  0);
}

inline srtp_err_status_t srtp_protect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength, size_t /*mkiIndex*/)
{
	return srtp3::Apply(
	  [session](void* packet, int* length) { return srtp_protect_rtcp(session, packet, length); },
	  in,
	  inLength,
	  out,
	  outLength,
	  SRTP_MAX_TRAILER_LEN + srtp3::SrtcpIndexLength);
}

inline srtp_err_status_t srtp_unprotect_rtcp(
  srtp_t session, const uint8_t* in, size_t inLength, uint8_t* out, size_t* outLength)
{
	return srtp3::Apply(
	  [session](void* packet, int* length) { return srtp_unprotect_rtcp(session, packet, length); },
	  in,
	  inLength,
	  out,
	  outLength,
	  0);
}
