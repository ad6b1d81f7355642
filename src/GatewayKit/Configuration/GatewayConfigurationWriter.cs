using System.Buffers;
using System.Collections;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>
/// Writes routes, clusters and policies as the JSON that binds to equal ones. The writing is canonical: ids in the order of their
/// names, properties in the order of declaration. Get it from DI. Thread-safe.
/// </summary>
/// <remarks>What only code can say, such as a delegate in a policy, is left out.</remarks>
public sealed class GatewayConfigurationWriter
{
    // A person reads it and no HTML page embeds it: what need not be escaped is not.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private readonly ModelTypes _types;
    private readonly PolicyNames _policies;

    internal GatewayConfigurationWriter(ModelTypes types, PolicyNames policies) => (_types, _policies) = (types, policies);

    /// <summary>Writes the content of a configuration section.</summary>
    /// <param name="set">What to write.</param>
    /// <param name="includeDefaults">Whether to write properties that have their default value. Default no.</param>
    /// <returns>Indented JSON.</returns>
    public string Write(RouteSet set, bool includeDefaults = false)
    {
        ArgumentNullException.ThrowIfNull(set);
        var buffer = new ArrayBufferWriter<byte>();
        Write(set, buffer, new() { Indented = true, NewLine = "\n", Encoder = Encoder }, includeDefaults);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Writes a snapshot: the effective configuration of all sources together.</summary>
    /// <inheritdoc cref="Write(RouteSet, bool)"/>
    public string Write(GatewaySnapshot snapshot, bool includeDefaults = false)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return Write(new RouteSet { Routes = [.. snapshot.Routes.Values], Clusters = [.. snapshot.Clusters.Values], Defaults = snapshot.Defaults, Plans = snapshot.Plans, Products = snapshot.Products, Consumers = snapshot.Consumers }, includeDefaults);
    }

    /// <summary>Writes a consumer as the object that stands under <c>Consumers:&lt;id&gt;</c>: <see cref="GatewayConfigurationReader.ReadConsumer"/> reads it.</summary>
    /// <param name="consumer">What to write.</param>
    /// <returns>JSON in one line.</returns>
    public string Write(Consumer consumer)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        return WriteLine(typeof(Consumer), consumer);
    }

    /// <summary>Writes limits as an object with their names as keys: <see cref="GatewayConfigurationReader.ReadLimits"/> reads it.</summary>
    /// <param name="limits">What to write.</param>
    /// <returns>JSON in one line.</returns>
    public string Write(IReadOnlyList<IPlanLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return WriteLine(typeof(IReadOnlyList<IPlanLimit>), limits);
    }

    /// <summary>Writes the settings of a policy that have other values than their defaults, in one line.</summary>
    internal string Write(IGatewayPolicy policy) => WriteLine(policy.GetType(), policy);

    /// <summary>
    /// SHA-256 of the canonical writing with all defaults, so that a default that changes between versions shows. Routes go into it by
    /// their own hashes, in the order of their ids, so that one that did not change need not be written.
    /// </summary>
    /// <param name="set">What to hash.</param>
    /// <param name="findings">Keeps the hashes of routes.</param>
    internal string Hash(RouteSet set, RouteFindings findings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, new() { SkipValidation = true, Encoder = Encoder });
        var writing = new Writing(json, _types, _policies, includeDefaults: true);
        var type = _types.Get(typeof(RouteSet));
        writing.Write(type, set with { Routes = [] });
        json.Flush();
        hash.AppendData(buffer.WrittenSpan);

        var routes = set.Routes.ToArray();
        Array.Sort(routes, static (one, other) => StringComparer.OrdinalIgnoreCase.Compare(one.Id, other.Id));
        foreach (var route in routes)
        {
            ReloadPace.Step();
            hash.AppendData(findings.DigestOf(route, Digest));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        byte[] Digest(GatewayRoute route)
        {
            buffer.ResetWrittenCount();
            json.Reset();
            writing.WriteRoute(route);
            json.Flush();
            return SHA256.HashData(buffer.WrittenSpan);
        }
    }

    private string WriteLine(Type type, object value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new() { Encoder = Encoder });
        new Writing(json, _types, _policies, includeDefaults: false).Write(_types.Get(type), value);
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write(RouteSet set, IBufferWriter<byte> buffer, JsonWriterOptions options, bool includeDefaults)
    {
        using var json = new Utf8JsonWriter(buffer, options);
        new Writing(json, _types, _policies, includeDefaults).Write(_types.Get(typeof(RouteSet)), set);
    }

    private sealed class Writing(Utf8JsonWriter json, ModelTypes types, PolicyNames policies, bool includeDefaults)
    {
        public void WriteRoute(GatewayRoute route)
        {
            json.WriteStartObject();
            json.WritePropertyName(route.Id);
            Write(types.Get(typeof(GatewayRoute)), route);
            json.WriteEndObject();
        }

        public void Write(ModelType type, object value)
        {
            switch (type.Kind)
            {
                case ModelKind.Scalar:
                    WriteScalar(type.Format!, value);
                    break;
                case ModelKind.Flags:
                    WriteFlags(type, value);
                    break;
                case ModelKind.List:
                    json.WriteStartArray();
                    foreach (var item in (IEnumerable)value)
                    {
                        Write(type.Item, item);
                    }

                    json.WriteEndArray();
                    break;
                case ModelKind.Map:
                    WriteMap(type, (IEnumerable)value);
                    break;
                case ModelKind.Keyed:
                    WriteKeyed(type.Item, (IEnumerable)value);
                    break;
                case ModelKind.Policies:
                    json.WriteStartObject();
                    WritePolicies((IEnumerable<IGatewayPolicy>)value);
                    json.WriteEndObject();
                    break;
                case ModelKind.Union:
                    Write(types.Get(value.GetType()), value);
                    break;
                case ModelKind.Record:
                    json.WriteStartObject();
                    WriteProperties(type, value);
                    json.WriteEndObject();
                    break;
                default:
                    json.WriteStartObject();
                    json.WriteEndObject();
                    break;
            }
        }

        private void WriteScalar(ScalarFormat format, object value)
        {
            var text = format.Format(value);
            if (format.Kind is ScalarKind.Text)
            {
                json.WriteStringValue(text);
            }
            else
            {
                json.WriteRawValue(text, skipInputValidation: true);
            }
        }

        private void WriteFlags(ModelType type, object value)
        {
            json.WriteStartArray();
            foreach (var name in value.ToString()!.Split(", "))
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
        }

        private void WriteMap(ModelType type, IEnumerable entries)
        {
            // The model's maps are sorted; another implementation need not be.
            var sorted = new SortedList<string, object>(StringComparer.OrdinalIgnoreCase);
            foreach (var entry in entries)
            {
                var (key, value) = ModelInstances.Entry(entry);
                sorted[key] = value;
            }

            json.WriteStartObject();
            foreach (var (key, value) in sorted)
            {
                json.WritePropertyName(key);
                Write(type.Item, value);
            }

            json.WriteEndObject();
        }

        private void WriteKeyed(ModelType type, IEnumerable items)
        {
            var sorted = new SortedList<string, object>(StringComparer.OrdinalIgnoreCase);
            foreach (var item in items)
            {
                sorted.Add((string)type.Id!.Get(item)!, item);
            }

            json.WriteStartObject();
            foreach (var (id, item) in sorted)
            {
                json.WritePropertyName(id);
                Write(type, item);
            }

            json.WriteEndObject();
        }

        private void WriteProperties(ModelType type, object value)
        {
            foreach (var property in type.Properties)
            {
                if (property.Get(value) is { } content && (includeDefaults || property.IsRequired || !content.Equals(type.DefaultOf(property))))
                {
                    json.WritePropertyName(property.Name);
                    Write(property.Type, content);
                }
            }

            if (type.Policies is { } own)
            {
                WritePolicies((IEnumerable<IGatewayPolicy>)own.Get(value)!);
            }
        }

        private void WritePolicies(IEnumerable<IGatewayPolicy> all)
        {
            foreach (var ofName in all.GroupBy(Name).OrderBy(static group => group.Key, StringComparer.OrdinalIgnoreCase))
            {
                json.WritePropertyName(ofName.Key);
                var several = ofName.Count() > 1;
                if (several)
                {
                    json.WriteStartArray();
                }

                foreach (var policy in ofName)
                {
                    Write(types.Get(policy.GetType()), policy);
                }

                if (several)
                {
                    json.WriteEndArray();
                }
            }
        }

        // A policy that nobody registered is an error elsewhere; here it has at least a name.
        private string Name(IGatewayPolicy policy) => policies.TryGet(policy.GetType(), out var registration) ? registration.Name : policy.GetType().Name;
    }
}
