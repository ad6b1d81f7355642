using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Configuration;

/// <summary>Makes the lists and maps that <c>init</c> accessors of the model copy.</summary>
[UnconditionalSuppressMessage("AOT", "IL3050:RequiresDynamicCode", Justification = "Maps hold reference types, whose generic code is shared; the array type of a list exists because the list's property uses it.")]
[UnconditionalSuppressMessage("Trimming", "IL2055:MakeGenericType", Justification = "Dictionary has no constraints on its values.")]
[UnconditionalSuppressMessage("Trimming", "IL2075:UnrecognizedReflectionPattern", Justification = "The properties of KeyValuePair are used by the maps of the model.")]
internal static class ModelInstances
{
    public static Array List(ModelType item, IEnumerable<object> items) => List(item.Type, items);

    public static Array List(Type item, IEnumerable<object> items)
    {
        var found = items.ToArray();
        var list = Array.CreateInstance(item, found.Length);
        Array.Copy(found, list, found.Length);
        return list;
    }

    public static object Map(ModelType item, IEnumerable<KeyValuePair<string, object>> entries)
    {
        var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), item.Type))!;
        foreach (var (key, value) in entries)
        {
            map.Add(key, value);
        }

        return map;
    }

    /// <summary>Takes an entry of a map of whatever value type apart.</summary>
    public static (string Key, object Value) Entry(object entry)
    {
        var type = entry.GetType();
        return ((string)type.GetProperty("Key")!.GetValue(entry)!, type.GetProperty("Value")!.GetValue(entry)!);
    }
}
