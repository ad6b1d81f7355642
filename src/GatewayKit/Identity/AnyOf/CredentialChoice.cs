using GatewayKit.Pipeline;

namespace GatewayKit.Identity.AnyOf;

/// <summary>Looks at the credentials of requests to one endpoint in all of several ways: a bad token beside a good key would go on to the destination as if it held.</summary>
/// <param name="checks">The ways, and which of them look at <c>Authorization</c>.</param>
/// <param name="unread">The refusal of a request with an <c>Authorization</c> that none of those found anything in: what nobody has looked at would go on in the same way.</param>
internal sealed class CredentialChoice((AuthenticationCheck Check, bool ReadsAuthorization)[] checks, GatewayProblem unread)
{
    private readonly bool _isAuthorizationRead = checks.Any(static one => one.ReadsAuthorization);
    private readonly AuthenticationOutcome _unread = AuthenticationOutcome.Refuse(unread);

    public ValueTask<AuthenticationOutcome> CheckAsync(GatewayContext context)
    {
        var found = AuthenticationOutcome.Absent;
        var isRead = !_isAuthorizationRead;
        for (var i = 0; i < checks.Length; i++)
        {
            var checking = checks[i].Check(context);
            if (!checking.IsCompletedSuccessfully)
            {
                return RestAsync(found, isRead, checking, i, context);
            }

            var outcome = checking.Result;
            found = Identification.Combine(found, outcome);
            if (found.Problem is not null)
            {
                return new(found);
            }

            isRead |= checks[i].ReadsAuthorization && !outcome.IsAbsent;
        }

        return new(Finish(found, isRead, context));
    }

    private async ValueTask<AuthenticationOutcome> RestAsync(AuthenticationOutcome found, bool isRead, ValueTask<AuthenticationOutcome> checking, int at, GatewayContext context)
    {
        while (true)
        {
            var outcome = await checking.ConfigureAwait(false);
            found = Identification.Combine(found, outcome);
            if (found.Problem is not null)
            {
                return found;
            }

            isRead |= checks[at].ReadsAuthorization && !outcome.IsAbsent;
            if (++at == checks.Length)
            {
                return Finish(found, isRead, context);
            }

            checking = checks[at].Check(context);
        }
    }

    private AuthenticationOutcome Finish(AuthenticationOutcome found, bool isRead, GatewayContext context) =>
        isRead || found.IsAbsent || context.HttpContext.Request.Headers.Authorization.Count == 0 ? found : _unread;
}
