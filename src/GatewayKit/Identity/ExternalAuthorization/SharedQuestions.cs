using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>
/// Questions that are under way: who asks the same meanwhile waits for the same answer. One that nobody waits for any more is given up, so that clients who come and go leave no work behind. Safe for concurrent use.
/// </summary>
/// <param name="ask">Asks; it is of no request, and throws only when it is given up.</param>
internal sealed class SharedQuestions(Func<TokenHash, AuthorizationQuestion, CancellationToken, Task<AuthorizationAnswer>> ask)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TokenHash, Flight> _flights = [];

    /// <summary>How many are under way.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _flights.Count;
            }
        }
    }

    /// <summary>Waits for the answer.</summary>
    /// <returns>The answer, and whether it is that of another's question.</returns>
    /// <exception cref="OperationCanceledException">Who waits has gone.</exception>
    public async Task<(AuthorizationAnswer Answer, bool IsOfOther)> AskAsync(TokenHash key, AuthorizationQuestion question, CancellationToken cancellationToken)
    {
        Flight flight;
        bool isOfOther;
        lock (_lock)
        {
            isOfOther = _flights.TryGetValue(key, out var known);
            flight = known ?? (_flights[key] = Begin(key, question));
            flight.Waiting++;
        }

        try
        {
            return (await flight.Answer.WaitAsync(cancellationToken).ConfigureAwait(false), isOfOther);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private Flight Begin(TokenHash key, AuthorizationQuestion question)
    {
        var flight = new Flight();
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            flight.Answer = Task.Run(() => FlyAsync(key, question, flight));
        }

        return flight;
    }

    private async Task<AuthorizationAnswer> FlyAsync(TokenHash key, AuthorizationQuestion question, Flight flight)
    {
        try
        {
            return await ask(key, question, flight.GivenUp.Token).ConfigureAwait(false);
        }
        finally
        {
            // Whoever comes now asks anew: what is not kept is said of those who waited.
            Forget(key, flight);
        }
    }

    private void Leave(TokenHash key, Flight flight)
    {
        lock (_lock)
        {
            if (--flight.Waiting > 0)
            {
                return;
            }

            // Before anybody else joins it.
            Remove(key, flight);
        }

        flight.GivenUp.Cancel();
    }

    private void Forget(TokenHash key, Flight flight)
    {
        lock (_lock)
        {
            Remove(key, flight);
        }
    }

    private void Remove(TokenHash key, Flight flight)
    {
        if (_flights.GetValueOrDefault(key) == flight)
        {
            _flights.Remove(key);
        }
    }

    // Its source of cancellation has no timer and no handle: nothing of it is left when nobody has it any more.
    private sealed class Flight
    {
        public CancellationTokenSource GivenUp { get; } = new();

        public Task<AuthorizationAnswer> Answer { get; set; } = null!;

        public int Waiting { get; set; }
    }
}
