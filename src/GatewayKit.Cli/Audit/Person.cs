namespace GatewayKit.Cli.Audit;

/// <summary>Whom it is about. Read from standard input: what stands in the arguments of a process everybody on the machine can see, and shells keep it.</summary>
internal static class Person
{
    /// <exception cref="ArgumentException">Nobody is named.</exception>
    public static async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected)
        {
            await Console.Error.WriteAsync("The id of the consumer: ".AsMemory(), cancellationToken).ConfigureAwait(false);
        }

        return await Console.In.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { Length: > 0 } id
            ? id
            : throw new ArgumentException("Standard input has to have the id of the consumer, as the gateway knows it, in its first line.");
    }
}
