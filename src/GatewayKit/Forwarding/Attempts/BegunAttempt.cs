using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>An attempt that has begun: mostly a message on its way, else whatever came of it instead.</summary>
internal readonly struct BegunAttempt
{
    public BegunAttempt(Exchange exchange, Task<HttpResponseMessage> sending) => (Exchange, Sending) = (exchange, sending);

    public BegunAttempt(ValueTask<Outcome<AttemptResult>> outcome) => Outcome = outcome;

    public BegunAttempt(in AttemptResult result) => Outcome = new(Polly.Outcome.FromResult(result));

    /// <summary>What the attempt holds, if a message is on its way.</summary>
    public Exchange? Exchange { get; }

    /// <summary>The message on its way; <see langword="null"/> if there is an <see cref="Outcome"/> to wait for.</summary>
    public Task<HttpResponseMessage>? Sending { get; }

    public ValueTask<Outcome<AttemptResult>> Outcome { get; }
}
