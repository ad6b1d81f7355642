using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>The service of a policy: asks it, and keeps what it may. Never lets a failure out: what is no answer is one that says so.</summary>
internal sealed class AuthorizationService
{
    // Of some hundred bytes each.
    private const int MostKept = 10_000;

    private readonly ExternalAuthorizationPolicy _policy;
    private readonly AuthorizationServices _services;
    private readonly KeptAnswers? _kept;
    private readonly SharedQuestions? _shared;

    public AuthorizationService(ExternalAuthorizationPolicy policy, AuthorizationServices services)
    {
        (_policy, _services, Reader) = (policy, services, new(policy));
        if (policy.CacheFor > TimeSpan.Zero)
        {
            _kept = new(MostKept, services.Time);
            _shared = new(AskAndKeepAsync);
        }
    }

    /// <summary>What reads its answers.</summary>
    public AnswerReader Reader { get; }

    /// <summary>An answer that is there already, and what it is kept by if not.</summary>
    /// <param name="question">The question.</param>
    /// <param name="key">What its answer is kept by; <see langword="null"/> if it is not.</param>
    public AuthorizationAnswer? Find(AuthorizationQuestion question, out TokenHash? key)
    {
        key = _kept is null || question.Body is not null ? null : QuestionHash.Of(question);
        return key is { } known ? _kept!.Find(known) : null;
    }

    /// <summary>Asks.</summary>
    /// <param name="question">The question.</param>
    /// <param name="key">What its answer is kept by, if it is.</param>
    /// <param name="cancellationToken">Cancelled when the client has gone.</param>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<AuthorizationAnswer> AskAsync(AuthorizationQuestion question, TokenHash? key, CancellationToken cancellationToken)
    {
        if (key is { } shared)
        {
            var (answer, isOfOther) = await _shared!.AskAsync(shared, question, cancellationToken).ConfigureAwait(false);
            if (answer.IsForAll || !isOfOther)
            {
                return answer;
            }
        }

        return await SendAsync(question, cancellationToken).ConfigureAwait(false);
    }

    private async Task<AuthorizationAnswer> AskAndKeepAsync(TokenHash key, AuthorizationQuestion question, CancellationToken cancellationToken)
    {
        var asked = _services.Time.GetTimestamp();
        using var stopped = _services.Lifetime is { } lifetime ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopped) : null;
        var answer = await SendAsync(question, stopped?.Token ?? cancellationToken).ConfigureAwait(false);
        if (answer.Verdict is AuthorizationVerdict.Allowed && answer.KeepFor > TimeSpan.Zero)
        {
            _kept!.Keep(key, answer, asked);
        }

        return answer;
    }

    private async Task<AuthorizationAnswer> SendAsync(AuthorizationQuestion question, CancellationToken cancellationToken)
    {
        var began = _services.Time.GetTimestamp();
        AuthorizationAnswer answer;
        try
        {
            using var message = question.Create(_policy, _services.Marker);
            message.Options.Set(OwnCallClient.Timeout, _policy.Timeout);
            using var limit = new CancellationTokenSource(_policy.Timeout, _services.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            using var client = _services.Clients.CreateClient(AuthorizationServices.ClientName);
            using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
            answer = Reader.Read(response);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A handler of the host may throw anything; whatever it is, there is no answer, and its words may have a credential in them.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            answer = new(AuthorizationVerdict.Unavailable, CallFailures.NameOf(CallFailures.Of(exception)));
        }

        _services.Metrics.Asked(_policy.Url.Authority, answer, _services.Time.GetElapsedTime(began));
        return answer;
    }
}
