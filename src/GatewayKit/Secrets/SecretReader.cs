using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Secrets;

/// <summary>Reads secrets from where they are kept. Nothing it says has a value in it.</summary>
internal sealed partial class SecretReader(TimeProvider time, ILogger<SecretReader> logger, IConfiguration? configuration = null, IHostEnvironment? environment = null)
{
    private const int MostBytes = 65_536;

    /// <summary>Where names of files that are not whole begin. Default: the content root of the host.</summary>
    public string Root { get; init; } = environment?.ContentRootPath ?? string.Empty;

    // A mounted secret is renewed by a link that is turned, which no watcher is sure to see: a file of this size is simply read.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly WeakMap<SecretReference, Secret> _secrets = new();
    private readonly LogPace _pace = new();

    /// <summary>The secret of a reference, read: one for all that use it. For when endpoints are built; what is far away holds up nobody else.</summary>
    public Secret Open(SecretReference reference)
    {
        var secret = Find(reference);
        secret.ReadFirst();
        return secret;
    }

    /// <summary>The secret of a reference, which is read beside whoever asks for it (<see cref="Secret.FirstRead"/>). For requests.</summary>
    public Secret Find(SecretReference reference) => _secrets.GetOrAdd(reference, () => new(reference, this));

    /// <summary>Reads a secret as it is now.</summary>
    /// <param name="reference">Where it is.</param>
    /// <param name="problem">Why there is none, and what to do about it.</param>
    /// <returns>The value, never empty; <see langword="null"/> if there is none.</returns>
    public string? Read(SecretReference reference, out string? problem)
    {
        string? value;
        try
        {
            problem = null;
            value = reference.Place switch
            {
                SecretPlace.Environment => Environment.GetEnvironmentVariable(reference.Name),
                SecretPlace.Configuration => configuration?[reference.Name],
                _ => ReadFile(reference.Name, out problem),
            };
        }
#pragma warning disable CA1031 // Providers of a configuration are anybody's, and what they say of a failure may have the secret in it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            problem = $"What has {reference} failed ({exception.GetType().Name}).";
            return null;
        }

        if (string.IsNullOrEmpty(value))
        {
            problem ??= reference.Place switch
            {
                SecretPlace.Environment => $"The environment variable {reference.Name} is not set, or is empty. Set it before the host starts.",
                SecretPlace.Configuration => $"The host's configuration has no value at {reference.Name}. Add it, such as by user secrets.",
                _ => $"The file {reference.Name} is empty.",
            };
            return null;
        }

        return value;
    }

    public long NextLook() => time.GetTimestamp() + (long)(Period.TotalSeconds * time.TimestampFrequency);

    public bool IsDue(long at) => time.GetTimestamp() >= at;

    public void Lost(SecretReference reference, bool hasValue, string problem)
    {
        if (_pace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Lost(logger, reference, hasValue ? "can no longer be read; its last value stays in use" : "cannot be read, and never could: what needs it fails until it can", problem);
        }
    }

    private string? ReadFile(string name, out string? problem)
    {
        problem = null;
        try
        {
            using var file = File.OpenRead(Path.Combine(Root, name));
            var buffer = new byte[MostBytes + 1];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MostBytes)
            {
                problem = $"The file {name} has more than 64 KiB; a secret is shorter.";
                return null;
            }

            using var reader = new StreamReader(new MemoryStream(buffer, 0, length));
            var text = reader.ReadToEnd();
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            problem = exception is FileNotFoundException or DirectoryNotFoundException ? $"There is no file {name}. Mount or write it before the host starts."
                : exception is UnauthorizedAccessException ? $"The file {name} may not be read by this process. Give it the permission."
                : $"The file {name} cannot be read ({exception.GetType().Name}).";
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.SecretLost, LogLevel.Warning, "Secret {Reference} {State}. {Problem}")]
        public static partial void Lost(ILogger logger, SecretReference reference, string state, string problem);
    }
}
