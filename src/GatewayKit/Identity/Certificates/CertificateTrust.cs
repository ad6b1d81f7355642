using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Certificates;

/// <summary>
/// Judges certificates by what a policy trusts. What it found is kept: for each connection as long as it lasts, and across connections for those that hold, which no stranger can make up. Safe for
/// concurrent use.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that nobody waits for by its handle has nothing to dispose of, and a trust goes when the last endpoint does.")]
internal sealed class CertificateTrust(X509Certificate2Collection authorities, IReadOnlyList<string> pins, X509RevocationMode revocation, TimeProvider time)
{
    /// <summary>How many certificates are remembered across connections.</summary>
    public const int MostKnown = 10_000;

    /// <summary>How long it is believed that an authority has not revoked a certificate.</summary>
    public static readonly TimeSpan RevocationKept = TimeSpan.FromMinutes(5);

    /// <summary>How many of those that proxies pass on and that do not hold are remembered.</summary>
    public const int MostRefused = 1_000;

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // What cannot be looked up is not asked for with every request.
    private static readonly TimeSpan FailureKept = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusalKept = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RevocationTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(10);

    private readonly X509Certificate2Collection _roots = [.. authorities.Where(IsSelfIssued)];
    private readonly X509Certificate2Collection _between = [.. authorities.Where(static certificate => !IsSelfIssued(certificate))];
    private readonly HashSet<string> _pins = [.. pins.Select(static pin => CertificateNames.Scheme + pin)];
    private readonly ConditionalWeakTable<X509Certificate2, CertificateVerdict> _byConnection = [];
    private readonly ConcurrentDictionary<string, CertificateVerdict> _byHash = new(StringComparer.Ordinal);
    private readonly TokenCache<CertificateVerdict> _refused = new(MostRefused);
    private readonly ConcurrentDictionary<string, Task<CertificateVerdict>> _flights = new(StringComparer.Ordinal);

    // The system looks for revocations on the thread that asks.
    private readonly SemaphoreSlim _lookups = new(4);

    public static bool IsSelfIssued(X509Certificate2 certificate) => certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    /// <summary>How many certificates are remembered across connections.</summary>
    public int Known => _byHash.Count;

    /// <summary>How many are remembered that proxies have passed on and that do not hold.</summary>
    public int Refused => _refused.Count;

    /// <summary>Judges the certificate of a connection: the same instance with each of its requests.</summary>
    public ValueTask<CertificateVerdict> JudgeAsync(X509Certificate2 certificate)
    {
        if (_byConnection.TryGetValue(certificate, out var known) && IsFresh(known))
        {
            return new(known);
        }

        var verdict = Find(CertificateNames.HashOf(certificate.RawData)) ?? Judge(certificate, []);
        if (IsFresh(verdict))
        {
            _byConnection.AddOrUpdate(certificate, verdict);
            return new(verdict);
        }

        return RevocationAsync(verdict.Names!.Hash, certificate.RawData, [], certificate);
    }

    /// <summary>Judges a certificate that a proxy has passed on.</summary>
    /// <param name="encoded">The certificate.</param>
    /// <param name="chain">What issued it.</param>
    public ValueTask<CertificateVerdict> JudgeAsync(byte[] encoded, IReadOnlyList<byte[]> chain)
    {
        if (Find(CertificateNames.HashOf(encoded)) is { } known)
        {
            return new(known);
        }

        // To look at one takes a thousand times as long as to send it.
        var whole = HashOf(encoded, chain);
        if (_refused.Find(whole) is { } refused && IsFresh(refused))
        {
            return new(refused);
        }

        X509Certificate2Collection sent = [];
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(encoded);
            foreach (var one in chain)
            {
                sent.Add(X509CertificateLoader.LoadCertificate(one));
            }

            var verdict = Judge(certificate, sent);
            Refuse(whole, verdict);
            return IsFresh(verdict) ? new(verdict) : RevocationAsync(verdict.Names!.Hash, encoded, chain, connection: null);
        }
        catch (CryptographicException)
        {
            var verdict = new CertificateVerdict { Fault = "malformed" };
            Refuse(whole, verdict);
            return new(verdict);
        }
        finally
        {
            Dispose(sent);
        }
    }

    // With its chain: with another it may hold.
    private static TokenHash HashOf(byte[] encoded, IReadOnlyList<byte[]> chain)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in (IEnumerable<byte[]>)[encoded, .. chain])
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
            hash.AppendData(length);
            hash.AppendData(part);
        }

        return TokenHash.OfBytes(hash.GetHashAndReset());
    }

    private void Refuse(in TokenHash whole, CertificateVerdict verdict)
    {
        if (verdict.Fault is not null && IsFresh(verdict))
        {
            var until = time.GetUtcNow() + RefusalKept;
            _refused.Set(whole, new() { Fault = verdict.Fault, Names = verdict.Names, LookAgainAt = verdict.LookAgainAt < until ? verdict.LookAgainAt : until });
        }
    }

    private bool IsFresh(CertificateVerdict verdict) => verdict.LookAgainAt > time.GetUtcNow();

    private CertificateVerdict? Find(string hash) => _byHash.TryGetValue(hash, out var known) && IsFresh(known) ? known : null;

    // One whose revocation is to be looked up is stale at once.
    private CertificateVerdict Judge(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        if (!CertificateNames.TryRead(certificate, out var names))
        {
            return new() { Fault = "malformed" };
        }

        if (!IsForClients(certificate))
        {
            return new() { Fault = "wrong-purpose", Names = names };
        }

        var (from, until) = (Utc(certificate.NotBefore), Utc(certificate.NotAfter));
        var verdict = new CertificateVerdict { Names = names, From = from, Until = until, IsTrusted = true };
        if (verdict.FaultAt(time.GetUtcNow()) is { } fault)
        {
            // One that is to come is looked at again when it has.
            return new() { Fault = fault, Names = names, LookAgainAt = fault is "expired" ? DateTimeOffset.MaxValue : from };
        }

        if (_pins.Contains(names.Keys[0]))
        {
            return Keep(verdict);
        }

        if (Array.Exists(names.Keys, _pins.Contains))
        {
            // Whoever has the key may write what names they like into a certificate of their own.
            return Keep(new() { Names = names with { Given = [] }, From = from, Until = until, IsTrusted = true });
        }

        if (_roots.Count == 0)
        {
            // Whoever may call is registered with a hash.
            return _pins.Count > 0 ? new() { Fault = "untrusted", Names = names } : new() { Names = names, From = from, Until = until };
        }

        using var chain = CreateChain(sent, X509RevocationMode.NoCheck);
        var holds = chain.Build(certificate);
        foreach (var element in chain.ChainElements)
        {
            (from, until) = (Later(from, Utc(element.Certificate.NotBefore)), Earlier(until, Utc(element.Certificate.NotAfter)));
        }

        Dispose(chain);
        return !holds ? new() { Fault = "untrusted", Names = names }
            : revocation is X509RevocationMode.NoCheck ? Keep(new() { Names = names, From = from, Until = until, IsTrusted = true })
            : new() { Names = names, From = from, Until = until, IsTrusted = true, LookAgainAt = DateTimeOffset.MinValue };
    }

    private async ValueTask<CertificateVerdict> RevocationAsync(string hash, byte[] encoded, IReadOnlyList<byte[]> sent, X509Certificate2? connection)
    {
        var source = new TaskCompletionSource<CertificateVerdict>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = _flights.GetOrAdd(hash, source.Task);
        if (flight == source.Task)
        {
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = FlyAsync(hash, encoded, sent, source);
            }
        }

        try
        {
            var verdict = await flight.WaitAsync(MostWait, time).ConfigureAwait(false);
            if (connection is not null)
            {
                _byConnection.AddOrUpdate(connection, verdict);
            }

            return verdict;
        }
        catch (TimeoutException)
        {
            return Unknown();
        }
    }

    private async Task FlyAsync(string hash, byte[] encoded, IReadOnlyList<byte[]> sent, TaskCompletionSource<CertificateVerdict> source)
    {
        await _lookups.WaitAsync().ConfigureAwait(false);
        try
        {
            source.SetResult(Keep(await Task.Run(() => LookUp(encoded, sent)).ConfigureAwait(false)));
        }
#pragma warning disable CA1031 // Whatever the system says: it is not known that the certificate holds.
        catch (Exception)
#pragma warning restore CA1031
        {
            source.TrySetResult(Unknown());
        }
        finally
        {
            _lookups.Release();
            _flights.TryRemove(hash, out _);
        }
    }

    private CertificateVerdict Unknown() => new() { Fault = CertificateVerdict.Unavailable, LookAgainAt = time.GetUtcNow() + FailureKept };

    private CertificateVerdict LookUp(byte[] encoded, IReadOnlyList<byte[]> sent)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(encoded);
        X509Certificate2Collection between = [.. sent.Select(static one => X509CertificateLoader.LoadCertificate(one))];
        using var chain = CreateChain(between, revocation);
        var holds = chain.Build(certificate);
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, static (all, one) => all | one.Status);
        var (from, until) = (DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        foreach (var element in chain.ChainElements)
        {
            (from, until) = (Later(from, Utc(element.Certificate.NotBefore)), Earlier(until, Utc(element.Certificate.NotAfter)));
        }

        Dispose(chain);
        Dispose(between);
        CertificateNames.TryRead(certificate, out var names);
        var fault = holds ? null
            : status.HasFlag(X509ChainStatusFlags.Revoked) ? "revoked"
            : (status & (X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation)) != 0 ? CertificateVerdict.Unavailable
            : "untrusted";
        var kept = fault is CertificateVerdict.Unavailable ? FailureKept : RevocationKept;
        return new() { Fault = fault, Names = names, From = from, Until = until, IsTrusted = holds, LookAgainAt = time.GetUtcNow() + kept };
    }

    private CertificateVerdict Keep(CertificateVerdict verdict)
    {
        // Only those that an authority has issued, or that are pinned, come here.
        if (_byHash.Count >= MostKnown)
        {
            _byHash.Clear();
        }

        _byHash[verdict.Names!.Hash] = verdict;
        return verdict;
    }

    private X509Chain CreateChain(X509Certificate2Collection sent, X509RevocationMode mode)
    {
        var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_between);
        policy.ExtraStore.AddRange(sent);
        policy.ApplicationPolicy.Add(new(ClientAuthentication));

        // Where to get what is missing a stranger would say.
        policy.DisableCertificateDownloads = true;
        policy.RevocationMode = mode;
        policy.RevocationFlag = X509RevocationFlag.ExcludeRoot;
        policy.UrlRetrievalTimeout = RevocationTimeout;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain;
    }

    // The purpose has to be said: a chain takes one without a word of it for every purpose (RFC 5280 §4.2.1.12), servers' certificates included.
    private static bool IsForClients(X509Certificate2 certificate)
    {
        var saysSo = false;
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509EnhancedKeyUsageExtension purposes)
            {
                saysSo = purposes.EnhancedKeyUsages.Cast<Oid>().Any(static purpose => purpose.Value == ClientAuthentication);
            }

            // RFC 8446 §4.4.2.2.
            if (extension is X509KeyUsageExtension usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
            {
                return false;
            }
        }

        return saysSo;
    }

    private static void Dispose(X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }
    }

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }

    private static DateTimeOffset Utc(DateTime local) => new(local.ToUniversalTime());

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
