using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Introspection;

/// <summary>
/// What a server has said of tokens, by the SHA-256 of these: those that hold and those that do not, each up to a number, so that tokens that nobody issued push out none that somebody uses. About
/// each it is asked once at a time. Safe for concurrent use.
/// </summary>
/// <param name="terms">What an answer depends on.</param>
/// <param name="claims">The claims that say who calls.</param>
/// <param name="ask">Asks the server; never throws.</param>
/// <param name="metrics">Told of what came of it.</param>
/// <param name="time">The clock.</param>
internal sealed class IntrospectedTokens(
    IntrospectionPolicy terms, (string Name, string? LongName)[] claims, Func<string, Task<(IntrospectionAnswer? Answer, CallFailure Failure, bool IsStranger)>> ask, IntrospectionMetrics metrics, TimeProvider time)
{
    /// <summary>How many questions wait for answers at once: whoever sends tokens that nobody issued has no more than these asked.</summary>
    public const int MostQuestions = 100;

    /// <summary>How many of them are for one client address: whoever has one address does not keep the others out.</summary>
    public const int MostOfAddress = MostQuestions / 2;

    private const int AddressCells = 4_096;
    private const int MostDoublings = 5;
    private const int NoCell = -1;
    private const string NotYet = "not-yet";

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromSeconds(10);

    private readonly TokenCache<IntrospectedToken> _holding = new(terms.MaxTokens), _refused = new(terms.MaxTokens);
    private readonly ConcurrentDictionary<TokenHash, Task<IntrospectionResult>> _questions = new();
    private readonly IntrospectionLogState _told = new();
    private readonly Lock _pausing = new();
    private readonly int[] _askingByAddress = new int[AddressCells];
    private int _asking, _strangeAnswers;
    private long _pauseEnds;
    private CallFailure _pauseCause;

    /// <summary>How many tokens are kept, of both kinds.</summary>
    public (int Holding, int Refused) Count => (_holding.Count, _refused.Count);

    /// <summary>What is known of a token, without a wait and without memory.</summary>
    public bool TryFind(in TokenHash hash, ReadOnlySpan<char> token, [NotNullWhen(true)] out IntrospectedToken? found)
    {
        var now = time.GetTimestamp();
        found = _holding.Find(hash) is { } holding && now < holding.Until ? holding
            : _refused.Find(hash) is { } refused && now < refused.Until ? refused
            : null;
        if (found is { Fault: null } && found.IsDue(now, time.TimestampFrequency))
        {
            _ = AskAsync(hash, token.ToString(), NoCell);
        }

        return found is not null;
    }

    /// <summary>Whether a token held when it was asked about last, if that is still known: nobody makes up one of these.</summary>
    public bool HasHeld(in TokenHash hash) => _holding.Find(hash) is not null;

    /// <summary>What is known of a token that held once the server was asked: by whoever comes first, for all who come meanwhile.</summary>
    public Task<IntrospectionResult> AskAsync(TokenHash hash, string token) => AskAsync(hash, token, NoCell);

    /// <summary>The same of a token that anybody may have made up.</summary>
    /// <param name="hash">The SHA-256 of the token.</param>
    /// <param name="token">The token.</param>
    /// <param name="client">The address that it came from, of which no more than <see cref="MostOfAddress"/> questions are under way.</param>
    public Task<IntrospectionResult> AskAsync(TokenHash hash, string token, IPAddress? client)
    {
        Span<byte> bytes = stackalloc byte[16];
        return AskAsync(hash, token, (int)(SipHash.Process.Hash(client is null ? [] : PeerAddress.WriteClient(client, bytes)).High % AddressCells));
    }

    private Task<IntrospectionResult> AskAsync(TokenHash hash, string token, int cell)
    {
        if (_questions.TryGetValue(hash, out var asking))
        {
            return asking;
        }

        var now = time.GetTimestamp();
        var pauseEnds = Volatile.Read(ref _pauseEnds);
        if (now < pauseEnds)
        {
            return Task.FromResult(new IntrospectionResult(null, _pauseCause, time.GetElapsedTime(now, pauseEnds)));
        }

        var source = new TaskCompletionSource<IntrospectionResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        asking = _questions.GetOrAdd(hash, source.Task);
        if (asking == source.Task)
        {
            // Of no request: one that goes away takes nothing from the others, and its trace does not live on in it.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = AskAsync(hash, token, cell, source);
            }
        }

        return asking;
    }

    private async Task AskAsync(TokenHash hash, string token, int cell, TaskCompletionSource<IntrospectionResult> source)
    {
        var result = new IntrospectionResult(null, CallFailure.Overloaded, FirstPause);
        var ofAddress = cell is NoCell ? 0 : Interlocked.Increment(ref _askingByAddress[cell]);
        try
        {
            if (Interlocked.Increment(ref _asking) <= MostQuestions && ofAddress <= MostOfAddress)
            {
                result = await FetchAsync(hash, token).ConfigureAwait(false);
            }
            else
            {
                metrics.Asked(terms, CallFailure.Overloaded, TimeSpan.Zero, _told);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
            if (cell is not NoCell)
            {
                Interlocked.Decrement(ref _askingByAddress[cell]);
            }

            _questions.TryRemove(hash, out _);
            source.SetResult(result);
        }
    }

    private async Task<IntrospectionResult> FetchAsync(TokenHash hash, string token)
    {
        // Counted from now on: what is revoked while the server is asked may not be in its answer.
        var asked = time.GetTimestamp();
        var (answer, failure, isStranger) = await ask(token).ConfigureAwait(false);
        metrics.Asked(terms, failure, time.GetElapsedTime(asked), _told);
        if (answer is null)
        {
            return new(null, failure, isStranger ? Pause(failure) : FirstPause);
        }

        lock (_pausing)
        {
            _strangeAnswers = 0;
        }

        var judged = Judge(answer, asked);
        if (judged.Fault is null)
        {
            _holding.Set(hash, judged);
        }
        else
        {
            _refused.Set(hash, judged);
            _holding.Remove(hash);
        }

        return new(judged, CallFailure.None);
    }

    // A wrong secret is wrong for each token, and servers lock out whoever tries it time and again.
    private TimeSpan Pause(CallFailure cause)
    {
        lock (_pausing)
        {
            // Questions that were under way together say one thing together: what comes of them doubles nothing.
            var now = time.GetTimestamp();
            if (now < _pauseEnds)
            {
                return time.GetElapsedTime(now, _pauseEnds);
            }

            var pause = FirstPause * (1 << Math.Min(_strangeAnswers++, MostDoublings));
            _pauseCause = cause;
            Volatile.Write(ref _pauseEnds, now + Ticks(pause));
            return pause;
        }
    }

    private IntrospectedToken Judge(IntrospectionAnswer answer, long asked)
    {
        var now = time.GetUtcNow();
        if (FaultOf(answer, now, out var id) is { } fault)
        {
            var refusedFor = Least(terms.CacheFor / 3, LongestRefusal, answer.NotBefore is { } begin && fault is NotYet ? begin - terms.ClockSkew - now : LongestRefusal);
            return new() { Fault = fault, Until = asked + Ticks(refusedFor) };
        }

        // Not all at the same time, of those that came at the same time. What is past by no more than clocks may differ is asked about each time.
        var left = answer.ExpiresAt is { } end ? end > now ? end - now : TimeSpan.Zero : terms.CacheFor;
        var keptFor = Least(terms.CacheFor * (1 - (0.1 * Random.Shared.NextDouble())), left);
        return new()
        {
            Principal = answer.Principal,
            Identity = $"{IdentityPrefixes.Introspection}{terms.Name}/{id}",
            Scopes = CallerClaims.FindScopes(answer.Principal!),
            Until = asked + Ticks(keptFor),
            RenewAt = asked + Ticks(keptFor / 6 * 5),
        };
    }

    private string? FaultOf(IntrospectionAnswer answer, DateTimeOffset now, out string id)
    {
        id = string.Empty;
        return answer.Principal is null ? "inactive"
            : answer.Fault is { } fault ? fault
            : terms.Issuer is { } issuer && answer.Issuer != issuer ? "issuer"
            : !terms.AllowAnyAudience && !answer.Audiences.Any(audience => terms.Audiences.Contains(audience, StringComparer.Ordinal)) ? "audience"
            : answer.ExpiresAt <= now - terms.ClockSkew ? "expired"
            : answer.NotBefore > now + terms.ClockSkew ? NotYet
            : CallerClaims.FindConsumer(answer.Principal, claims, out id);
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private static TimeSpan Least(params ReadOnlySpan<TimeSpan> spans)
    {
        var least = spans[0];
        foreach (var span in spans)
        {
            least = span < least ? span : least;
        }

        return least;
    }
}
