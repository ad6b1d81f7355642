using System.Text;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>
/// Reads what <see cref="GatewayConfigurationWriter"/> writes, and what people write in the same form, as strictly as a configuration is read: what is not understood is an error,
/// and all errors are found at once. Get it from DI. Thread-safe.
/// </summary>
public sealed class GatewayConfigurationReader
{
    private readonly SectionBinder _binder;

    internal GatewayConfigurationReader(SectionBinder binder) => _binder = binder;

    /// <summary>Reads a consumer: the object that stands under <c>Consumers:&lt;id&gt;</c>.</summary>
    /// <param name="id">The id.</param>
    /// <param name="json">A JSON object; comments and trailing commas are allowed.</param>
    /// <exception cref="GatewayConfigurationException">Something is wrong. The paths of its errors start at the object.</exception>
    public Consumer ReadConsumer(string id, string json)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Read(json, (section, errors) => _binder.BindConsumer(section, id, errors));
    }

    /// <summary>Reads limits: an object with their names as keys, such as <c>{ "Throttle": { … } }</c>.</summary>
    /// <param name="json">A JSON object; comments and trailing commas are allowed.</param>
    /// <exception cref="GatewayConfigurationException">Something is wrong. The paths of its errors start at the object.</exception>
    public IReadOnlyList<IPlanLimit> ReadLimits(string json) => Read(json, _binder.BindLimits);

    private static T Read<T>(string json, Func<IConfigurationSection, ICollection<ConfigurationError>, T?> bind)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(json);
        IConfigurationRoot root;
        try
        {
            root = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or System.Text.Json.JsonException)
        {
            // The parser's words may hold a piece of the text, and so of a secret.
            throw new GatewayConfigurationException([new(string.Empty, "It is not a JSON object, or it has a key twice.")]);
        }

        using ((IDisposable)root)
        {
            var errors = new List<ConfigurationError>();
            var value = bind((IConfigurationSection)SectionReader.Read(root), errors);
            return errors.Count == 0 && value is not null ? value
                : throw new GatewayConfigurationException([.. errors.Select(static error => error with { Path = error.Path.TrimStart(':') })]);
        }
    }
}
